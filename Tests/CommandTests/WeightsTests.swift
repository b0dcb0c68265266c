import Foundation
import Models
import Storage
import TestSupport
import Testing

/// Weights of every model leave as a file and come back without losing a bit.
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

  /// The run's weights as a file.
  private func exported(_ run: String) throws -> SafeTensors {
    try self.run(["export", run, "--format", "safetensors", "--out", "\(run).safetensors"])
    return try SafeTensors(contentsOf: place.file("\(run).safetensors"))
  }

  /// What the model makes of the test images: outputs and codes.
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
    // As PyTorch would write them: nothing but tensors.
    var bare = first
    bare.metadata = [:]
    try bare.write(to: place.file("bare.safetensors"))
    try run(["import", "bare.safetensors", "--model", kind.rawValue, "--out", "foreign"])
    #expect(try exported("foreign").tensors == first.tensors)
    #expect(try outputs("foreign") == outputs("run"))
  }
}
