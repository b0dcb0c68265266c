import Datasets
import Foundation
import Models
import Programs
import TestSupport
import Testing
import Training

/// The states after five steps of every model, bit for bit. A change of these values is a change of the numerics
/// contract: it raises the contract's version and has a line in the changelog.
///
/// `FACSIMILE_WRITE_GOLDENS=1 swift test -c release --filter StateHashTests` writes the file anew.
@Suite struct StateHashTests {
  static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Goldens/state-hashes.json")
  static let isWriting = ProcessInfo.processInfo.environment["FACSIMILE_WRITE_GOLDENS"] == "1"

  /// What to train: the settings that differ from the defaults.
  struct Case: Sendable, CustomTestStringConvertible {
    let kind: ModelKind
    var settings: [(key: String, value: String)] = []
    /// A custom model's layers.
    var architecture: Architecture?
    /// The key in the file.
    var testDescription: String {
      ([kind.rawValue] + settings.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
    }
  }

  /// Every model with its defaults; every optimizer; everything that joins parts and draws numbers at once.
  static let cases =
    ModelKind.allCases.map { Case(kind: $0) }
    + Optimizer.allCases.map {
      Case(kind: .convAutoencoder, settings: [("optimizer", $0.rawValue), ("weight-decay", "0.001")])
    }
    + ModelKind.allCases.map { kind in
      let isVariational = ConfigurationKey.keys(of: kind).contains { $0.name == "kl-weight" }
      return Case(
        kind: kind,
        settings: [("dropout", "0.25"), ("shards", "2"), ("clip-norm", "0.01")]
          + (isVariational ? [("kl-weight", "0.3")] : []))
    }

  /// Images of other sizes, in colour, with more and fewer stages; another activation; custom layers.
  static let shapes =
    [("1x17x45", "6,5,4"), ("3x32x32", "4,6,8,10"), ("3x64x64", "3,4,5,6,7,8")].flatMap { image, filters in
      ModelKind.allCases.filter { $0 != .vae || image != "3x64x64" }.map { kind in
        Case(
          kind: kind,
          settings: [("image", image)] + (kind == .vae ? [("hidden", "24")] : [("filters", filters)])
            + (kind == .classifier ? [("classes", "7")] : []))
      }
    } + [
      Case(kind: .convAutoencoder, settings: [("activation", "leaky-relu"), ("dropout", "0.25")]),
      Case(kind: .custom, settings: [("shards", "2")], architecture: .mirror(code: 6)),
    ]

  /// Several samples of every image; bits instead of gray values.
  static let samples = [
    Case(kind: .vae, settings: [("binarise", "fixed")]),
    Case(
      kind: .vae, settings: [("loss", "iwae"), ("importance-samples", "4"), ("binarise", "dynamic")]),
    Case(
      kind: .convVAE,
      settings: [("loss", "iwae"), ("importance-samples", "3"), ("dropout", "0.25"), ("shards", "2")]),
  ]

  static let all = cases + shapes + samples

  @Test("five steps", .enabled(if: !isWriting), arguments: all)
  func hashes(_ model: Case) throws {
    let hashes = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: Self.file))
    #expect(try Self.hash(model) == hashes[model.testDescription], "\(model.testDescription): other bits")
  }

  @Test("the file has these cases and no others, no two alike", .enabled(if: !isWriting))
  func complete() throws {
    let hashes = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: Self.file))
    #expect(hashes.keys.sorted() == Self.all.map(\.testDescription).sorted())
    #expect(Set(hashes.values).count == hashes.count)
  }

  @Test("writing the file", .enabled(if: isWriting))
  func write() throws {
    let hashes = try Self.all.map { ($0.testDescription, try Self.hash($0)) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let text = try encoder.encode(Dictionary(uniqueKeysWithValues: hashes)) + Data("\n".utf8)
    try text.write(to: Self.file)
  }

  /// A manifest's `state_sha256` after five steps.
  private static func hash(_ model: Case) throws -> String {
    let (images, batch, steps) = (185, 37, 5)
    var configuration =
      model.architecture.map { Configuration($0, loss: .meanSquaredError) }
      ?? Configuration(withoutRecipe: model.kind)
    for (key, value) in model.settings { try configuration.set(key, value) }
    try configuration.set("batch-size", "\(batch)")
    try configuration.set("seed", "20261122")
    let shape = configuration.imageShape
    let prepared = try PreparedModel(
      configuration, images: images, training: TrainingShape(steps: steps),
      evaluation: EvaluationShape(steps: 1), on: cpu(2))
    try prepared.write(
      images: Discs.pixels(
        images, shape: ImageShape(channels: shape.channels, height: shape.height, width: shape.width)))
    try prepared.write(labels: (0..<images).map { UInt8($0 % configuration.classCount) })
    try prepared.initialise()
    let batches = (0..<steps).map { step in Array(0..<UInt32(images))[step * batch..<(step + 1) * batch] }
    try prepared.beginEpoch(
      batches, table: configuration.trainingTable(epoch: 1, batches: batches.map(\.count)).words)
    for step in 0..<steps { try prepared.step(step) }
    #expect(try prepared.notFinite() == nil, "\(model.testDescription): all is finite")
    return try prepared.state().sha256
  }
}
