import Models
import Numerics
import Programs
import TestSupport
import Testing

/// Gradients against central differences of the loss in double: an oracle that knows nothing of PyTorch, with
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
  ]

  static let images = 5

  @Test("gradients", arguments: TestDevice.all, cases)
  func gradients(_ device: TestDevice, _ test: Case) throws {
    var configuration = Configuration(test.model)
    for (key, value) in test.settings.sorted(by: { $0.key < $1.key }) { try configuration.set(key, value) }
    try configuration.set("batch-size", "\(Self.images)")
    try configuration.set("seed", "20261123")
    let lowered = try LoweredModel(
      configuration, datasetImages: Self.images, training: TrainingShape(steps: 1),
      evaluation: EvaluationShape(steps: 1, batch: Self.images))
    let bytes = Self.pictures()
    let labels = (0..<Self.images).map { UInt8($0 * 3 % ModelKind.classes) }
    let prepared = try device.backend.prepare(lowered.program)
    try prepared.write(bytes, to: lowered.dataset)
    if let buffer = lowered.labels { try prepared.write(labels, to: buffer) }
    try prepared.run(.initialise, step: 0)
    // PyTorch's initial weights make gradients so small that the loss in double cannot tell them from rounding.
    let initial = try prepared.floats(lowered.parameters).map { 2.5 * $0 }
    try prepared.write(initial, to: lowered.parameters)

    let training = lowered.training!
    let epoch = 1
    try prepared.write(
      configuration.trainingTable(epoch: epoch, batches: [Self.images]).words, to: training.table)
    try prepared.write(training.rows([Array(0..<UInt32(Self.images))[...]]), to: training.indices)
    try prepared.write([UInt32.max], to: lowered.status!)
    try prepared.run(.gradients, step: 0)
    let gradients = try prepared.floats(lowered.gradients!)

    func tensor(_ parameter: Parameter, _ arena: [Float]) -> [Double] {
      parameter.shape.unpack(arena[parameter.offset..<parameter.offset + parameter.shape.packedCount])
        .map(Double.init)
    }
    var reference = DoubleReference(
      configuration: configuration, architecture: lowered.architecture,
      parameters: Dictionary(
        uniqueKeysWithValues: lowered.table.parameters.map { ($0.name, tensor($0, initial)) }),
      images: (0..<Self.images).map { n in
        bytes[n * ModelKind.pixels..<(n + 1) * ModelKind.pixels].map { Double(Float($0) / 255) }
      }, labels: labels.map(Int.init), epoch: UInt32(epoch))
    let loss = Double(try prepared.floats(training.losses)[0])
    let expected = reference.loss()
    #expect(abs(loss - expected) <= 1e-5 * expected, "\(test.testDescription): the loss")

    for parameter in lowered.table.parameters {
      let all = tensor(parameter, gradients)
      let places = Self.places(of: all)
      let differences = places.map { reference.difference(parameter.name, $0) }
      let error = relativeError(places.map { all[$0] }, differences)
      #expect(error <= 1e-4, "\(test.testDescription): \(parameter.name) at \(places)")
    }
  }

  /// Up to six places spread over a tensor, and that of its largest gradient.
  private static func places(of gradient: [Double]) -> [Int] {
    let largest = gradient.indices.max { abs(gradient[$0]) < abs(gradient[$1]) }!
    return Set((0..<6).map { $0 * 7919 % gradient.count } + [largest]).sorted()
  }

  /// Bars of light on black.
  private static func pictures() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: images * ModelKind.pixels)
    for place in bytes.indices {
      let (image, pixel) = place.quotientAndRemainder(dividingBy: ModelKind.pixels)
      let (y, x) = pixel.quotientAndRemainder(dividingBy: ModelKind.side)
      let bar = image % 2 == 0 ? abs(x - 8 - 2 * image) : abs(y - 5 - 3 * image)
      if bar < 4, y + image > 4, y < 24 { bytes[place] = UInt8(250 - 37 * bar - 3 * image) }
    }
    return bytes
  }
}

extension DoubleReference {
  /// ∂loss / ∂parameter, from the loss a little to either side.
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
