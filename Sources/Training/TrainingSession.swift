import Datasets
import Models
import Numerics
import Programs

/// One phase of training on a device: the prepared model with the data in it.
final class TrainingSession {
  let model: PreparedModel
  /// Index of the phase in the configuration.
  let phase: Int
  private let data: TrainingData
  private let validationBatches: [ArraySlice<UInt32>]
  private let group: (any Collective)?
  private let exchange: PartExchange?

  init(
    _ configuration: Configuration, phase: Int, data: TrainingData, backend: any Backend,
    group: (any Collective)? = nil
  ) throws {
    self.phase = phase
    self.data = data
    self.group = group
    // A group of one computes all parts, as without a group.
    let isShared = group.map { $0.count > 1 } ?? false
    func steps(_ images: Int, _ batch: Int) -> Int { (images + batch - 1) / batch }
    let validationSteps = steps(data.validation.count, EvaluationShape.standardBatch)
    model = try PreparedModel(
      configuration, images: data, memory: data.dataset.train.memory,
      training: TrainingShape(
        steps: steps(data.train.count, configuration.batchSize),
        layers: configuration.trainable.phases[phase].layers,
        parts: isShared ? group?.share(of: configuration.partCount) : nil),
      // One more row for the pictures.
      evaluation: EvaluationShape(steps: validationSteps + 1), on: backend)
    exchange =
      isShared ? group.map { [model] in PartExchange($0, parts: configuration.partCount, model: model) } : nil
    if let labels = data.dataset.train.labels { try model.write(labels: labels) }
    validationBatches = model.evaluationBatches(data.validation)
    try model.beginEvaluation(
      validationBatches + (data.pictures.isEmpty ? [] : [data.pictureIndices[...]]))
  }

  /// Prepares the device for `epoch`.
  func begin(_ epoch: RunningEpoch) throws {
    try model.beginEpoch(epoch.batches, table: epoch.table, losses: epoch.losses)
  }

  /// Starts one step; in a group, the step is complete on return.
  ///
  /// - Parameter wantsStop: whether to stop after this step; evaluated as late as possible.
  /// - Returns: whether to stop after it; the same at all ranks.
  func step(_ step: Int, wantsStop: @autoclosure () -> Bool) throws -> Bool {
    guard let exchange else {
      try model.step(step)
      return wantsStop()
    }
    try model.gradients(step)
    let isLast = try exchange.join(model, wantsStop: wantsStop())
    try model.update(step)
    return isLast
  }

  /// - Throws: `TrainingError` naming step and tensor if a value is not finite.
  func checkFinite(_ epoch: Int) throws {
    guard let found = try model.notFinite() else { return }
    let what = found.tensor.map { "\($0.name) or its gradient" } ?? "the loss"
    throw TrainingError(
      .notFinite,
      "\(what) is not finite in step \(found.step + 1) of epoch \(epoch)")
  }

  /// Whether all values so far are finite.
  func isFinite() throws -> Bool { try model.notFinite() == nil }

  /// Means over the validation images; nil if there are none.
  func validate() throws -> MetricMeans? {
    let share = group?.share(of: validationBatches.count) ?? validationBatches.indices
    for step in share { try model.evaluate(step) }
    let slots = model.slots.count
    let own = try model.evaluationLosses(steps: share.upperBound)[(share.lowerBound * slots)...]
    let losses = try group?.join(Array(own)) ?? Array(own)
    return MetricMeans(losses: losses, slots: model.slots, images: validationBatches.map(\.count))
  }

  /// A few test images and their reconstructions, pixels from 0 to 1; nil for a classifier.
  func pictures() throws -> (originals: [[UInt8]], reconstructions: [[Float]])? {
    guard !data.pictures.isEmpty else { return nil }
    try model.evaluate(validationBatches.count)
    return (
      data.pictures.map(data.dataset.test.image), try model.reconstructions(data.pictures.count)
    )
  }
}

/// An epoch in progress.
struct RunningEpoch {
  /// From 1.
  let number: Int
  /// The settings at its start.
  let configuration: Configuration
  /// Indices of every step.
  let batches: [ArraySlice<UInt32>]
  /// Words of the table of steps.
  let table: [UInt32]
  /// Number of completed steps.
  var step = 0
  /// Their losses.
  var losses: [Float] = []
  /// Seconds they took.
  var seconds = 0.0

  /// Images of every step.
  var images: [Int] { batches.map(\.count) }
}

extension RunningEpoch {
  /// The epoch from its first step; `table` if already known.
  init(_ number: Int, _ configuration: Configuration, _ data: TrainingData, table: [UInt32]? = nil) {
    let order = data.order(seed: configuration.seed, epoch: number)
    self.number = number
    self.configuration = configuration
    batches = stride(from: 0, to: order.count, by: configuration.batchSize).map {
      order[$0..<min($0 + configuration.batchSize, order.count)]
    }
    self.table = table ?? configuration.trainingTable(epoch: number, batches: batches.map(\.count)).words
  }
}
