import Models
import Numerics
import Programs
import TestSupport
import Testing

/// Gradients against central differences of the loss in double: an oracle independent of PyTorch, with
/// our own weights and random streams.
@Suite struct FiniteDifferenceTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let model: ModelKind
    let settings: [String: String]
    init(_ model: ModelKind, _ settings: [String: String]) { (self.model, self.settings) = (model, settings) }
    var testDescription: String {
      ([model.rawValue] + settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        .joined(separator: " ")
    }
  }

  static let convolutional = ["filters": "3,5,6", "hidden": "9,7", "latent": "4"]

  static let cases: [Case] = [
    Case(.convAutoencoder, convolutional),
    Case(.convAutoencoder, convolutional.merging(["loss": "binary-cross-entropy", "shards": "2"]) { $1 }),
    Case(.convAutoencoder, convolutional.merging(["dropout": "0.25"]) { $1 }),
    Case(.denoisingAutoencoder, convolutional.merging(["noise": "0.4", "dropout": "0.1"]) { $1 }),
    Case(.classifier, convolutional.merging(["shards": "3"]) { $1 }),
    Case(.vae, ["hidden": "6,5", "latent": "3", "kl-weight": "0.7"]),
    Case(.convVAE, convolutional.merging(["kl-weight": "2", "dropout": "0.25"]) { $1 }),
    Case(.convAutoencoder, convolutional.merging(["image": "3x32x32", "filters": "3,4,5,6"]) { $1 }),
    Case(.classifier, convolutional.merging(["image": "1x17x45", "classes": "4"]) { $1 }),
    Case(.convVAE, convolutional.merging(["image": "3x64x64", "filters": "2,3,4,3,4,3"]) { $1 }),
    Case(.vae, ["hidden": "6", "latent": "3", "image": "3x9x8"]),
    Case(.convAutoencoder, convolutional.merging(["activation": "leaky-relu", "dropout": "0.25"]) { $1 }),
    Case(.convAutoencoder, convolutional.merging(["activation": "tanh", "dropout": "0.1"]) { $1 }),
    Case(.convVAE, convolutional.merging(["activation": "softplus"]) { $1 }),
    Case(.vae, ["hidden": "6,5", "latent": "3", "activation": "sigmoid"]),
    Case(.vae, ["hidden": "6,5", "latent": "3", "binarise": "fixed", "image": "1x8x8"]),
    Case(
      .vae,
      [
        "hidden": "6,5", "latent": "3", "loss": "iwae", "importance-samples": "4", "image": "1x8x8",
        "binarise": "dynamic", "activation": "tanh", "shards": "2",
      ]),
    Case(
      .convVAE,
      convolutional.merging([
        "loss": "iwae", "importance-samples": "3", "image": "1x9x8", "dropout": "0.25",
      ]) { $1 }),
  ]

  static let images = 5
  static let epoch = 1

  /// The initial parameters, and those after the first step.
  private struct Step {
    let initial: [String: [Float]]
    let loss: Double
    let gradients: [ModelState.Tensor]
  }

  @Test("gradients", arguments: cases)
  func gradients(_ test: Case) throws {
    let configuration = try Self.configuration(test)
    let bytes = Self.pictures(configuration.imageShape)
    let labels = (0..<Self.images).map { UInt8($0 * 3 % configuration.classCount) }
    let steps = try TestDevice.all.map { try Self.step(configuration, bytes, labels, on: $0.backend) }
    let step = steps[0]
    // The differences are computed only once: the other devices have the same bits.
    for other in steps.dropFirst() {
      #expect(other.loss == step.loss && other.initial == step.initial, "\(test.testDescription)")
      for (a, b) in zip(other.gradients, step.gradients) {
        #expect(
          a.values.map(\.bitPattern) == b.values.map(\.bitPattern), "\(test.testDescription): \(b.name)")
      }
    }

    let count = configuration.imageShape.count
    var reference = DoubleReference(
      configuration: configuration, architecture: configuration.architecture,
      parameters: step.initial.mapValues { $0.map(Double.init) },
      images: (0..<Self.images).map { n in bytes[n * count..<(n + 1) * count].map { Double(Float($0) / 255) }
      },
      labels: labels.map(Int.init), epoch: UInt32(Self.epoch))
    let expected = reference.loss()
    #expect(abs(step.loss - expected) <= 1e-5 * expected, "\(test.testDescription): the loss")
    for gradient in step.gradients {
      let all = gradient.values.map(Double.init)
      let places = Self.places(of: all)
      let differences = places.map { reference.difference(gradient.name, $0) }
      let error = relativeError(places.map { all[$0] }, differences)
      #expect(error <= 1e-4, "\(test.testDescription): \(gradient.name) at \(places)")
    }
  }

  private static func configuration(_ test: Case) throws -> Configuration {
    var configuration = Configuration(withoutRecipe: test.model)
    for (key, value) in test.settings.sorted(by: { $0.key < $1.key }) { try configuration.set(key, value) }
    try configuration.set("batch-size", "\(images)")
    try configuration.set("seed", "20261123")
    return configuration
  }

  private static func step(
    _ configuration: Configuration, _ bytes: [UInt8], _ labels: [UInt8], on backend: any Backend
  ) throws -> Step {
    let model = try PreparedModel(
      configuration, images: images, training: TrainingShape(steps: 1),
      evaluation: EvaluationShape(steps: 1, batch: images), on: backend)
    try model.write(images: bytes)
    try model.write(labels: labels)
    try model.initialise()
    // PyTorch's initial weights make gradients so small that the loss in double cannot tell them from rounding.
    var initial = try model.state(withOptimizer: false)
    for index in initial.parameters.indices {
      initial.parameters[index].values = initial.parameters[index].values.map { 2.5 * $0 }
    }
    try model.write(initial)
    try model.beginEpoch(
      [Array(0..<UInt32(images))[...]],
      table: configuration.trainingTable(epoch: epoch, batches: [images]).words)
    try model.step(0)
    return Step(
      initial: Dictionary(uniqueKeysWithValues: initial.parameters.map { ($0.name, $0.values) }),
      loss: try model.loss(step: 0), gradients: try model.gradients())
  }

  /// Up to six indices spread over a tensor, and that of its largest gradient.
  private static func places(of gradient: [Double]) -> [Int] {
    let largest = gradient.indices.max { abs(gradient[$0]) < abs(gradient[$1]) }!
    return Set((0..<6).map { $0 * 7919 % gradient.count } + [largest]).sorted()
  }

  /// Bars of light on black, different in every channel.
  private static func pictures(_ shape: MapShape) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: images * shape.count)
    for place in bytes.indices {
      let (map, pixel) = place.quotientAndRemainder(dividingBy: shape.height * shape.width)
      let (image, channel) = map.quotientAndRemainder(dividingBy: shape.channels)
      let (y, x) = (pixel / shape.width * 28 / shape.height, pixel % shape.width * 28 / shape.width)
      let bar = (image + channel) % 2 == 0 ? abs(x - 8 - 2 * image) : abs(y - 5 - 3 * image)
      if bar < 4, y + image > 4, y < 24 { bytes[place] = UInt8(250 - 37 * bar - 3 * image) }
    }
    return bytes
  }
}

extension DoubleReference {
  /// ∂loss / ∂parameter, from the loss slightly to either side.
  fileprivate mutating func difference(_ name: String, _ place: Int) -> Double {
    let step = 1e-6
    let value = parameters[name]![place]
    defer { parameters[name]![place] = value }
    parameters[name]![place] = value + step
    let above = loss()
    parameters[name]![place] = value - step
    return (above - loss()) / (2 * step)
  }
}
