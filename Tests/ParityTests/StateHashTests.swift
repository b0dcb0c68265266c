import Foundation
import Models
import Programs
import Storage
import Testing

/// What five steps of every model end with, to the bit. A change of these values is a change of the numerics
/// contract: it raises the contract's version and has a line in the changelog.
///
/// `FACSIMILE_WRITE_GOLDENS=1 swift test -c release --filter StateHashTests` writes the file anew.
@Suite struct StateHashTests {
  static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Goldens/state-hashes.json")
  static let isWriting = ProcessInfo.processInfo.environment["FACSIMILE_WRITE_GOLDENS"] == "1"

  @Test("five steps with default settings", .enabled(if: !isWriting), arguments: ModelKind.allCases)
  func hashes(_ kind: ModelKind) throws {
    let hashes = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: Self.file))
    #expect(try Self.hash(kind) == hashes[kind.rawValue], "\(kind.rawValue) ends with other bits")
  }

  @Test("writing the file", .enabled(if: isWriting))
  func write() throws {
    let hashes = try ModelKind.allCases.map { ($0.rawValue, try Self.hash($0)) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let text = try encoder.encode(Dictionary(uniqueKeysWithValues: hashes)) + Data("\n".utf8)
    try text.write(to: Self.file)
  }

  /// SHA-256 over parameters, then optimizer state, in state order and PyTorch's layout: a manifest's
  /// `state_sha256`.
  private static func hash(_ kind: ModelKind) throws -> String {
    let (images, batch, steps) = (185, 37, 5)
    var configuration = Configuration(kind)
    try configuration.set("batch-size", "\(batch)")
    try configuration.set("seed", "20261122")
    let model = try LoweredModel(
      configuration, datasetImages: images, training: TrainingShape(steps: steps),
      evaluation: EvaluationShape(steps: 1))
    let prepared = try cpu(2).prepare(model.program)
    try prepared.write(Self.pictures(images), to: model.dataset)
    if let labels = model.labels { try prepared.write((0..<images).map { UInt8($0 % 10) }, to: labels) }
    try prepared.run(.initialise, step: 0)
    let training = model.training!
    let batches = training.batches(Array(0..<UInt32(images)))
    try prepared.write(training.rows(batches), to: training.indices)
    try prepared.write(
      configuration.trainingTable(epoch: 1, batches: batches.map(\.count)).words, to: training.table)
    try prepared.write([UInt32.max], to: model.status!)
    for step in 0..<steps { try prepared.run(.train, step: step) }
    #expect(try prepared.words(model.status!) == [UInt32.max], "\(kind.rawValue): all is finite")

    var fingerprint = Fingerprint()
    for buffer in [model.parameters] + model.state {
      let arena = try prepared.floats(buffer)
      for parameter in model.table.parameters {
        let packed = arena[parameter.offset..<parameter.offset + parameter.shape.packedCount]
        parameter.shape.unpack(packed).withUnsafeBytes { fingerprint.update($0) }
      }
    }
    return fingerprint.hex
  }

  /// A disc an image on black, its place, size and light counted from the image's number.
  private static func pictures(_ count: Int) -> [UInt8] {
    (0..<count * ModelKind.pixels).map { place in
      let (image, pixel) = place.quotientAndRemainder(dividingBy: ModelKind.pixels)
      let (y, x) = pixel.quotientAndRemainder(dividingBy: ModelKind.side)
      let (dy, dx) = (y - 6 - image * 5 % 16, x - 6 - image * 7 % 17)
      let distance = dy * dy + dx * dx
      return distance < 9 + image % 40 ? UInt8(255 - image % 90 - distance) : 0
    }
  }
}
