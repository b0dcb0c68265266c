import Datasets
import Models
import Numerics
import Programs
import Storage

/// What a trained model is worth on some images.
public struct Evaluation: Codable, Sendable, Equatable {
  /// How many images.
  public let images: Int
  /// Means over the images: `loss`, `accuracy`, `reconstruction`, `kl-divergence`, `elbo`.
  public let metrics: [String: Double]
  /// For a classifier: `confusion[class][predicted]` images.
  public let confusion: [[Int]]?
}

/// A trained model with a set of images resident on a device.
public final class Evaluator {
  /// The model.
  public let weights: Weights
  /// The images.
  public let images: ImageSet
  let model: LoweredModel
  let prepared: any PreparedProgram

  /// Puts model and images on the device.
  ///
  /// - Parameters:
  ///   - weights: the model.
  ///   - images: the images.
  ///   - backend: the device.
  ///   - mode: whether a posterior is sampled (as its loss wants) or its mean decoded.
  ///   - noise: noise on the input; nil: as the configuration says.
  /// - Throws: `ProgramError`, or the backend's error.
  public init(
    _ weights: Weights, images: ImageSet, backend: any Backend, mode: EvaluationMode = .sample,
    noise: Double? = nil
  ) throws {
    self.weights = weights
    self.images = images
    let batch = EvaluationShape.standardBatch
    model = try LoweredModel(
      weights.configuration, datasetImages: images.count, training: nil,
      evaluation: EvaluationShape(steps: (images.count + batch - 1) / batch, mode: mode, noise: noise))
    prepared = try backend.prepare(model.program)
    try prepared.write(images.pixels, to: model.dataset)
    if let labels = model.labels, let values = images.labels { try prepared.write(values, to: labels) }
    try weights.state.write(to: prepared, of: model)
  }

  /// Losses and metrics.
  ///
  /// - Parameters:
  ///   - indices: which images; nil for all.
  ///   - draw: which draw of noise and samples.
  /// - Throws: `TrainingError` where a classifier's images have no labels, or the backend's error.
  public func evaluate(_ indices: [UInt32]? = nil, draw: Int = 0) throws -> Evaluation {
    var confusion: [[Int]]?
    if model.labels != nil {
      guard images.labels != nil else {
        throw TrainingError(.data, "the images have no labels: a classifier's figures need them")
      }
      let row = [Int](repeating: 0, count: ModelKind.classes)
      confusion = [[Int]](repeating: row, count: ModelKind.classes)
    }
    let batches = try upload(indices, draw: draw)
    for (step, batch) in batches.enumerated() {
      try prepared.run(.evaluate, step: step)
      guard confusion != nil else { continue }
      for (index, logits) in zip(batch, try prepared.rows(model.outputs, count: batch.count)) {
        confusion![Int(images.labels![Int(index)])][Self.largest(logits)] += 1
      }
    }
    let losses = try prepared.floats(model.evaluation.losses, count: batches.count * model.slots.count)
    let means = MetricMeans(losses: losses, slots: model.slots, images: batches.map(\.count))
    return Evaluation(
      images: batches.reduce(0) { $0 + $1.count }, metrics: means?.named ?? [:], confusion: confusion)
  }

  /// What the model makes of images: 784 pixels from 0 to 1 each, or the logits of ten classes.
  ///
  /// - Throws: the backend's error.
  public func outputs(_ indices: [UInt32]? = nil) throws -> [[Float]] {
    try collect(indices) { try model.reconstructions(prepared, count: $0) }
  }

  /// Outputs (logits where the model computes logits) and codes of images, as a file whose tensors are named as
  /// `tools/reference/check_weights.py` names PyTorch's: `output` and `code`.
  ///
  /// - Throws: the backend's error.
  public func file(_ indices: [UInt32]) throws -> SafeTensors {
    var file = SafeTensors()
    for (name, buffer) in [("output", model.outputs), ("code", model.code)] {
      let values = try collect(indices) { try prepared.rows(buffer, count: $0) }
      try file.add(name, shape: [values.count, values[0].count], floats: values.flatMap { $0 })
    }
    return file
  }

  /// The latent code of images; a posterior's mean.
  ///
  /// - Throws: the backend's error.
  public func codes(_ indices: [UInt32]? = nil) throws -> [[Float]] {
    try collect(indices) { try prepared.rows(model.code, count: $0) }
  }

  /// What `read` finds behind every batch, given its number of images.
  private func collect(_ indices: [UInt32]?, _ read: (Int) throws -> [[Float]]) throws -> [[Float]] {
    try upload(indices, draw: 0).enumerated().flatMap { step, batch in
      try prepared.run(.evaluate, step: step)
      return try read(batch.count)
    }
  }

  func upload(_ indices: [UInt32]?, draw: Int) throws -> [ArraySlice<UInt32>] {
    let indices = indices ?? Array(0..<UInt32(images.count))
    precondition(indices.count <= images.count, "\(indices.count) indices of \(images.count) images")
    let batches = model.evaluation.batches(indices)
    try prepared.write(model.evaluation.rows(batches), to: model.evaluation.indices)
    let table = weights.configuration.evaluationTable(batches: batches.map(\.count), draw: draw)
    try prepared.write(table.words, to: model.evaluation.table)
    return batches
  }

  /// The lowest index of the largest value.
  private static func largest(_ values: [Float]) -> Int {
    values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
  }
}
