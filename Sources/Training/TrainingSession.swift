import Datasets
import Models
import Numerics
import Programs

/// One phase of training on a device: the program, its memory, and the data in it.
final class TrainingSession {
  let model: LoweredModel
  let prepared: any PreparedProgram
  /// Index of the phase in the configuration.
  let phase: Int
  private let data: TrainingData
  private let validationBatches: [ArraySlice<UInt32>]

  init(_ configuration: Configuration, phase: Int, data: TrainingData, backend: any Backend) throws {
    self.phase = phase
    self.data = data
    let batch = configuration.batchSize
    let evaluationBatch = EvaluationShape.standardBatch
    let validationSteps = (data.validation.count + evaluationBatch - 1) / evaluationBatch
    model = try LoweredModel(
      configuration, datasetImages: data.residentCount,
      training: TrainingShape(
        steps: (data.train.count + batch - 1) / batch, layers: configuration.trainable.phases[phase].layers),
      // One more row for the pictures.
      evaluation: EvaluationShape(steps: validationSteps + 1))
    prepared = try backend.prepare(model.program)
    try data.upload(to: prepared, of: model)

    validationBatches = model.evaluation.batches(data.validation)
    let batches = validationBatches + (data.pictures.isEmpty ? [] : [data.pictureIndices[...]])
    try prepared.write(model.evaluation.rows(batches), to: model.evaluation.indices)
    try prepared.write(
      configuration.evaluationTable(batches: batches.map(\.count)).words, to: model.evaluation.table)
  }

  /// Readies the device for `epoch`.
  func begin(_ epoch: RunningEpoch) throws {
    try prepared.write(model.training!.rows(epoch.batches), to: model.training!.indices)
    try prepared.write(epoch.table, to: model.training!.table)
    try prepared.write([UInt32.max], to: model.status!)
    if !epoch.losses.isEmpty { try prepared.write(epoch.losses, to: model.training!.losses) }
  }

  /// What the first `steps` steps of the epoch left in their slots; waits for them.
  func losses(steps: Int) throws -> [Float] {
    try prepared.floats(model.training!.losses, count: steps * model.slots.count)
  }

  /// The loss of one step; waits for it.
  func loss(step: Int) throws -> Double {
    var value: Float = 0
    try withUnsafeMutableBytes(of: &value) {
      try prepared.read(model.training!.losses, at: 4 * step * model.slots.count, into: $0)
    }
    return Double(value)
  }

  /// - Throws: `TrainingError` naming step and tensor where a value is not finite.
  func checkFinite(_ epoch: Int) throws {
    guard let found = model.notFinite(status: try prepared.words(model.status!)[0]) else { return }
    let what = found.tensor.map { "\($0.name) or its gradient" } ?? "the loss"
    throw TrainingError(
      .notFinite,
      "\(what) is not finite in step \(found.step + 1) of epoch \(epoch)")
  }

  /// Means over the validation images; nil where there are none.
  func validate() throws -> MetricMeans? {
    for step in validationBatches.indices { try prepared.run(.evaluate, step: step) }
    let losses = try prepared.floats(
      model.evaluation.losses, count: validationBatches.count * model.slots.count)
    return MetricMeans(losses: losses, slots: model.slots, images: validationBatches.map(\.count))
  }

  /// A few test images and their reconstructions, pixels from 0 to 1; nil for a classifier.
  func pictures() throws -> (originals: [[UInt8]], reconstructions: [[Float]])? {
    guard !data.pictures.isEmpty else { return nil }
    try prepared.run(.evaluate, step: validationBatches.count)
    return (
      data.pictures.map(data.dataset.test.image),
      try model.reconstructions(prepared, count: data.pictures.count)
    )
  }
}

extension LoweredModel {
  /// The first `count` images that `evaluate` made, pixels from 0 to 1.
  func reconstructions(_ prepared: any PreparedProgram, count: Int) throws -> [[Float]] {
    let rows = try prepared.rows(outputs, count: count)
    return outputsAreLogits ? rows.map { $0.map { Elementary.sigmoid($0) } } : rows
  }
}

extension PreparedProgram {
  /// The values of the first `count` images of `buffer`.
  func rows(_ buffer: Buffer, count: Int) throws -> [[Float]] {
    let (batch, shape) = buffer.images!
    let values = ImageLayout.unpack(try floats(buffer), shape, batch: batch)
    return (0..<count).map { Array(values[$0 * shape.count..<($0 + 1) * shape.count]) }
  }
}

/// An epoch under way.
struct RunningEpoch {
  /// From 1.
  let number: Int
  /// Indices of every step.
  let batches: [ArraySlice<UInt32>]
  /// Words of the table of steps.
  let table: [UInt32]
  /// Steps that are done.
  var step = 0
  /// What they left in their slots.
  var losses: [Float] = []
  /// Seconds they took.
  var seconds = 0.0

  /// Images of every step.
  var images: [Int] { batches.map(\.count) }
}
