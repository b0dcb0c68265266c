import Models
import Numerics
import Programs

/// A test case of a model trained for some steps on synthetic images; losses, gradients, parameters, optimizer state,
/// outputs, codes and posteriors are compared.
package struct ModelCase: Sendable {
  /// The configuration.
  package let configuration: Configuration
  /// Display name.
  package let name: String
  /// Layers that train.
  let layers: TrainingPhases.Layers

  /// Images of the synthetic data set.
  static let images = 300

  /// A case of `model` with these settings.
  ///
  /// Throws: ``ConfigurationError`` if a setting is not allowed.
  package init(
    _ model: ModelKind, _ settings: [(String, String)], layers: TrainingPhases.Layers = .all, seed: UInt64
  ) throws {
    var configuration = Configuration(withoutRecipe: model)
    for (key, value) in settings { try configuration.set(key, value) }
    try configuration.set("seed", "\(seed)")
    try configuration.validate()
    self.configuration = configuration
    self.layers = layers
    name = ([model.rawValue] + settings.map { "\($0)=\($1)" } + (layers == .all ? [] : ["\(layers)"]))
      .joined(separator: " ")
  }

  /// The cases of `model`: batch sizes; every optimizer with each of dropout, noise, accumulation and clipping on and
  /// off; every loss, other widths, decay, KL warm-up, and frozen layers alone and with parts, clipping and dropout.
  ///
  /// Throws: ``ConfigurationError``.
  package static func all(of model: ModelKind, seed: UInt64) throws -> [ModelCase] {
    let keys = Set(ConfigurationKey.keys(of: model).map(\.name))
    let sizes = [1, 37, 128, 256].map { [("batch-size", "\($0)")] }
    let product = combinations(
      [("optimizer", Optimizer.allCases.map(\.rawValue))]
        + [
          ("dropout", ["0", "0.25"]), ("noise", ["0", "0.9"]), ("shards", ["1", "3"]),
          ("clip-norm", ["0", "0.01"]),
        ].filter { keys.contains($0.0) })
    let others: [[(String, String)]] =
      [
        [("weight-decay", "0.001")],
        [("optimizer", "adamw"), ("weight-decay", "0.1")],
        [("optimizer", "sgd"), ("weight-decay", "0.001")],
        [("optimizer", "momentum"), ("weight-decay", "0.001")],
        [("optimizer", "rmsprop"), ("weight-decay", "0.001")],
        [("shards", "2"), ("clip-norm", "1")],
        [("filters", "5,6,7"), ("hidden", "19,9"), ("latent", "3")].filter { keys.contains($0.0) },
        [("activation", "leaky-relu"), ("dropout", "0.25")], [("activation", "tanh"), ("shards", "2")],
      ] + (keys.contains("kl-weight") ? [[("kl-weight", "0.5"), ("kl-warm-up", "1")]] : [])
      + model.definition.losses.dropFirst().map { [("loss", $0.rawValue)] }
      + (keys.contains("importance-samples") ? sampled : [])
    let shapes: [[(String, String)]] = [
      [("image", "3x32x32"), ("filters", "6,7,8,9")], [("image", "1x17x45"), ("classes", "7")],
      [("image", "3x64x64"), ("filters", "3,4,5,6,7,8"), ("batch-size", "33")],
      [("image", "1x8x9"), ("filters", "5")],
      [("image", "3x20x11"), ("activation", "softplus"), ("dropout", "0.1"), ("hidden", "11")],
    ].map { $0.filter { keys.contains($0.0) } }
    let cases = try (sizes + (product + others + shapes).map { [("batch-size", "70")] + $0 }).map {
      try ModelCase(model, $0, seed: seed)
    }
    let frozen: [[(String, String)]] = [[], [("shards", "2"), ("clip-norm", "0.01"), ("dropout", "0.25")]]
    return cases
      + (try frozen.map { try ModelCase(model, [("batch-size", "70")] + $0, layers: .last(2), seed: seed) })
  }

  /// Several samples of every binarised image, with parts, dropout and clipping.
  private static let sampled: [[(String, String)]] = [
    [
      ("loss", "iwae"), ("importance-samples", "3"), ("binarise", "dynamic"), ("shards", "3"),
      ("dropout", "0.25"),
    ],
    [("loss", "iwae"), ("importance-samples", "1"), ("clip-norm", "0.01"), ("batch-size", "1")],
    [("binarise", "fixed"), ("activation", "tanh")],
  ]

  /// All combinations of one value for each key.
  private static func combinations(_ axes: [(key: String, values: [String])]) -> [[(String, String)]] {
    axes.reduce([[]]) { chosen, axis in chosen.flatMap { old in axis.values.map { old + [(axis.key, $0)] } } }
  }

  /// Trains `steps` steps on `backend` and evaluates; returns the values to compare, by name.
  ///
  /// Throws: what the backend throws.
  func run(on backend: any Backend, steps: Int) throws -> [(buffer: String, bits: [UInt32])] {
    let batch = configuration.batchSize
    let model = try PreparedModel(
      configuration, images: Self.images, training: TrainingShape(steps: steps, layers: layers),
      evaluation: EvaluationShape(steps: 1), on: backend)
    try model.write(
      images: MadeUpImages.blobs(Self.images, configuration.imageShape, seed: configuration.seed))
    try model.write(labels: (0..<Self.images).map { UInt8($0 % configuration.classCount) })
    try model.initialise()

    // The last batch is smaller, as at the end of an epoch.
    let counts = (0..<steps).map { $0 == steps - 1 && batch > 2 ? batch - batch / 3 : batch }
    var next: UInt32 = 0
    let batches = counts.map { count in
      let order = (0..<UInt32(count)).map { (next + $0) &* 7919 % UInt32(Self.images) }
      next += UInt32(count)
      return order[...]
    }
    try model.beginEpoch(batches, table: configuration.trainingTable(epoch: 1, batches: counts).words)
    for step in 0..<steps { try model.step(step) }

    let last = (0..<UInt32(model.evaluationBatch)).map { $0 % UInt32(Self.images) }
    try model.beginEvaluation([last[...]])
    try model.evaluate(0)
    return try model.everything()
  }
}
