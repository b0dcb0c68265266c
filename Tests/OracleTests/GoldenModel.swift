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
  let lowered: LoweredModel
  let prepared: any PreparedProgram
  /// Images of the golden, all in one batch.
  let batch: Int

  /// Names of the model goldens that hold a tensor beginning with `prefix`.
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
  ///   - run: name of the run whose optimizer is wanted.
  ///   - layers: layers that train.
  init(
    _ name: String, run: String? = nil, layers: TrainingPhases.Layers = .all, on device: TestDevice
  ) throws {
    let golden = try Golden(name)
    let draws: GoldenDraws = try golden.json("draws")
    batch = try golden.json("batch")
    var configuration = Configuration(try ModelKind(name: golden.text("model")))
    for key in ConfigurationKey.keys(of: configuration.model) {
      if key.name == "loss" || key.name == "model" { continue }
      if let value = golden.file.metadata[key.name] { try configuration.set(key.name, value) }
    }
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
    let program = try draws.replacingStreams(in: lowered.program, dropout: configuration.dropout)
      .keepingWhatTrainComputes([lowered.outputs, lowered.code] + (lowered.logVariance.map { [$0] } ?? []))
    let prepared = try device.backend.prepare(program)

    let images = try golden.bytes("images")
    try prepared.write(images, to: lowered.dataset)
    if let labels = lowered.labels { try prepared.write(golden.bytes("labels"), to: labels) }
    try prepared.write([UInt32.max], to: lowered.status!)
    let order = Array(0..<UInt32(batch))[...]
    let batches = [ArraySlice<UInt32>](repeating: order, count: steps)
    var table = configuration.trainingTable(epoch: 1, batches: batches.map(\.count))
    // The goldens draw the same numbers in every step, those of epoch 0.
    for step in 0..<steps { table[step, .epoch] = 0 }
    try prepared.write(table.words, to: lowered.training!.table)
    try prepared.write(lowered.training!.rows(batches), to: lowered.training!.indices)
    try prepared.write(configuration.evaluationTable(batches: [batch]).words, to: lowered.evaluation.table)
    try prepared.write(lowered.evaluation.rows([order]), to: lowered.evaluation.indices)

    (self.golden, self.configuration, self.lowered, self.prepared) = (
      golden, configuration, lowered, prepared
    )
    try prepared.write(initialArena(), to: lowered.parameters)
  }

  /// The golden's initial weights as a file that PyTorch could have written; those of a golden without lie in the one
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

  /// These weights, read as `facsimile import` reads any file of PyTorch's: whatever the model computes from them shows
  /// that they arrived.
  private func initialArena() throws -> [Float] {
    let weights = try Weights(importing: Self.initialFile(golden), model: configuration.model)
    let tensors = Dictionary(uniqueKeysWithValues: weights.state.parameters.map { ($0.name, $0.values) })
    var arena = [Float](repeating: 0, count: lowered.table.arenaCount)
    for parameter in lowered.table.parameters {
      let packed = parameter.shape.pack(try #require(tensors[parameter.name]))
      arena.replaceSubrange(parameter.offset..<parameter.offset + packed.count, with: packed)
    }
    return arena
  }

  /// One tensor of an arena, in PyTorch's order.
  func tensor(_ parameter: Parameter, in arena: [Float]) -> [Float] {
    parameter.shape.unpack(arena[parameter.offset..<parameter.offset + parameter.shape.packedCount])
  }

  /// Figures that `buffers` hold of `step`.
  func losses(_ buffers: BatchBuffers, step: Int) throws -> [Metric: Double] {
    let slots = lowered.slots
    let values = try prepared.floats(buffers.losses)[step * slots.count..<(step + 1) * slots.count]
    return Dictionary(uniqueKeysWithValues: zip(slots, values.map(Double.init)))
  }
}
