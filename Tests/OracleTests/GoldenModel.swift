import Models
import Programs
import Storage
import TestSupport
import Testing
import Training

/// A model as a golden describes it, lowered with the golden's settings and random streams.
struct GoldenModel {
  let golden: Golden
  let configuration: Configuration
  let model: PreparedModel
  /// Images of the golden, all in one batch.
  let batch: Int

  /// Names of the model goldens that have a tensor beginning with `prefix`.
  static func names(with prefix: String) -> [String] {
    Golden.names.filter { name in
      guard let golden = try? Golden(name), golden.file.metadata["model"] != nil else { return false }
      return golden.file.names.contains { $0.hasPrefix(prefix) }
    }
  }

  /// Settings of a run of ten steps.
  struct Run: Decodable {
    let kind: String
    let learningRate: Double
    let weightDecay: Double
    let momentum: Double?
    let steps: Int

    enum CodingKeys: String, CodingKey {
      case kind, momentum, steps
      case learningRate = "learning-rate"
      case weightDecay = "weight-decay"
    }
  }

  /// - Parameters:
  ///   - run: name of the run whose optimizer to use.
  ///   - layers: layers that train.
  init(
    _ name: String, run: String? = nil, layers: TrainingPhases.Layers = .all, on device: TestDevice
  ) throws {
    let golden = try Golden(name)
    let draws: GoldenDraws = try golden.json("draws")
    batch = try golden.json("batch")
    var configuration = Configuration(withoutRecipe: try ModelKind(name: golden.text("model")))
    for key in ConfigurationKey.keys(of: configuration.model) {
      if key.name == "loss" || key.name == "model" { continue }
      if let value = golden.file.metadata[key.name] { try configuration.set(key.name, value) }
    }
    // PyTorch's files name the samples if the loss has several.
    if golden.file.metadata["importance-samples"] != nil { try configuration.set("loss", "iwae") }
    try configuration.set("batch-size", "\(batch)")
    var steps = 1
    if let run {
      let settings: Run = try golden.json(run)
      steps = settings.steps
      let optimizer = settings.momentum == nil ? settings.kind : "momentum"
      try configuration.set("optimizer", optimizer)
      if let momentum = settings.momentum { try configuration.set("momentum", "\(momentum)") }
      try configuration.set("learning-rate", "\(settings.learningRate)")
      try configuration.set("weight-decay", "\(settings.weightDecay)")
    }
    let lowered = try LoweredModel(
      configuration, datasetImages: batch, training: TrainingShape(steps: steps, layers: layers),
      evaluation: EvaluationShape(steps: 1, batch: batch))
    let evaluation = lowered.evaluation
    let program = try draws.replacingStreams(in: lowered.program, dropout: configuration.dropout)
      .keepingWhatTrainComputes(
        [evaluation.outputs, evaluation.code] + (evaluation.logVariance.map { [$0] } ?? []))
    model = try PreparedModel(lowered, program: program, on: device.backend)
    try model.write(images: golden.bytes("images"))
    if model.needsLabels { try model.write(labels: golden.bytes("labels")) }
    let order = Array(0..<UInt32(batch))[...]
    let batches = [ArraySlice<UInt32>](repeating: order, count: steps)
    var table = configuration.trainingTable(epoch: 1, batches: batches.map(\.count))
    // The goldens draw the same numbers in every step, those of epoch 0.
    for step in 0..<steps { table[step, .epoch] = 0 }
    try model.beginEpoch(batches, table: table.words)
    try model.beginEvaluation([order])
    (self.golden, self.configuration) = (golden, configuration)
    // Read as `facsimile import` reads any file from PyTorch: the results computed from the weights show that they
    // arrived.
    try model.write(
      Weights(
        importing: Self.initialFile(golden), model: configuration.model,
        image: configuration.texts["image"]
      ).state)
  }

  /// The golden's initial weights as a file that PyTorch could have written; if it has none, those of the golden that
  /// it continues.
  static func initialFile(_ golden: Golden) throws -> SafeTensors {
    let holder = golden.has("initial.encoder.fc1.weight") ? golden : try Golden("conv-autoencoder-default")
    var file = SafeTensors()
    for name in holder.file.names where name.hasPrefix("initial.") {
      let floats = try holder.floats(name)
      try file.add(String(name.dropFirst("initial.".count)), shape: holder.shape(name), floats: floats)
    }
    return file
  }

  /// Figures of one step, from the `losses` of all.
  func losses(_ losses: [Float], step: Int) -> [Metric: Double] {
    let slots = model.slots
    let values = losses[step * slots.count..<(step + 1) * slots.count]
    return Dictionary(uniqueKeysWithValues: zip(slots, values.map(Double.init)))
  }
}
