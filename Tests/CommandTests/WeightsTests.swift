import Foundation
import Models
import Storage
import TestSupport
import Testing

/// Weights of every model are exported and imported without losing a bit.
@Suite("Weights from the command line")
struct WeightsTests {
  private let place: TemporaryFolder

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset()
  }

  private func run(_ arguments: [String]) throws {
    let result = try Facsimile.run(arguments, in: place.url)
    #expect(result.status == 0, "\(result.errors)")
  }

  /// The run's weights, exported.
  private func exported(_ run: String) throws -> SafeTensors {
    try self.run(["export", run, "--format", "safetensors", "--out", "\(run).safetensors"])
    return try SafeTensors(contentsOf: place.file("\(run).safetensors"))
  }

  /// The model's results for the test images: outputs and codes.
  private func outputs(_ run: String) throws -> Data {
    try self.run(["evaluate", run, "--data", "data", "--device", "cpu", "--outputs", "\(run)-outputs"])
    return try Data(contentsOf: place.file("\(run)-outputs"))
  }

  @Test("Out, in and out again: the same tensors, the same outputs", arguments: ModelKind.allCases)
  func roundTrip(_ kind: ModelKind) throws {
    try run(
      ["train", kind.rawValue, "--data", "data", "--device", "cpu", "--epochs", "1", "--batch-size", "16"]
        + ["--set", "latent=3", "--out", "run"])
    let first = try exported("run")
    try run(["import", "run.safetensors", "--model", kind.rawValue, "--out", "again"])
    #expect(try exported("again").tensors == first.tensors && !first.tensors.isEmpty)
    #expect(try outputs("again") == outputs("run"))
    // As PyTorch would write them: tensors only.
    var bare = first
    bare.metadata = [:]
    try bare.write(to: place.file("bare.safetensors"))
    try run(["import", "bare.safetensors", "--model", kind.rawValue, "--out", "foreign"])
    #expect(try exported("foreign").tensors == first.tensors)
    #expect(try outputs("foreign") == outputs("run"))
  }
  @Test("Weights in BF16, F16 and F64, beside tensors of newer types, under any name")
  func otherTypes() throws {
    let settings = [
      "--device", "cpu", "--epochs", "1", "--batch-size", "16", "--set", "hidden=8", "latent=2",
    ]
    try run(["train", "conv-autoencoder", "--data", "data", "--out", "run"] + settings)
    let first = try exported("run")
    for type in [SafeTensors.DataType.bf16, .f16, .f64] {
      var cast = SafeTensors()
      // Weights truncated to sixteen bits, so that each type holds the same values.
      for tensor in first.tensors {
        let floats = try first.floats(tensor.name).map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) }
        try cast.add(Self.tensor(tensor.name, tensor.shape, floats, type))
      }
      let name = "\(type.rawValue).blob"
      try Self.withNewerType(cast.serialized()).write(to: place.file(name))
      try run(["import", name, "--model", "conv-autoencoder", "--out", "in-\(type.rawValue)"])
      try run(
        ["train", "conv-autoencoder", "--from", name, "--data", "data", "--out", "from-\(type.rawValue)"]
          + settings)
    }
    // Widening is exact, so the wider types give the same values.
    #expect(try exported("in-BF16").tensors == exported("in-F64").tensors)
    #expect(try exported("from-BF16").tensors == exported("from-F64").tensors)
    try Data("PK\u{3}\u{4} and more".utf8).write(to: place.file("w.safetensors"))
    try Facsimile.expectFailure(
      ["import", "w.safetensors", "--model", "vae", "--out", "no"], status: 2, "torch.save", in: place.url)
    try Facsimile.expectFailure(
      ["train", "vae", "--from", "nothing", "--data", "data"], status: 2, "does not exist", in: place.url)
  }

  private static func tensor(
    _ name: String, _ shape: [Int], _ floats: [Float], _ type: SafeTensors.DataType
  ) throws -> SafeTensors.Tensor {
    let data: Data
    switch type {
    case .bf16: data = floats.map { UInt16($0.bitPattern >> 16) }.withUnsafeBytes { Data($0) }
    case .f64: data = floats.map(Double.init).withUnsafeBytes { Data($0) }
    default:
      // Rounded toward zero: any binary16 will do.
      data = floats.map { value in
        let exponent = Int(value.bitPattern >> 23 & 0xFF) - 112
        let sign = UInt16(value.sign == .minus ? 0x8000 : 0)
        return exponent < 1 ? sign : sign | UInt16(exponent) << 10 | UInt16(value.bitPattern >> 13 & 0x3FF)
      }.withUnsafeBytes { Data($0) }
    }
    return try SafeTensors.Tensor(name: name, dataType: type, shape: shape, data: data)
  }

  /// The file with an additional tensor, of a type unknown to its reader.
  private static func withNewerType(_ file: Data) throws -> Data {
    let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let bytes = file.count - 8 - length
    let header = String(decoding: file[8..<8 + length], as: UTF8.self).trimmingCharacters(in: .whitespaces)
    let entry = #","other":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[\#(bytes),\#(bytes + 2)]}}"#
    let longer = Data((header.dropLast() + entry).utf8)
    return withUnsafeBytes(of: UInt64(longer.count).littleEndian) { Data($0) } + longer
      + file[(8 + length)...] + Data(count: 2)
  }
}
