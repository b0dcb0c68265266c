import Datasets
import Models
import Numerics
import Programs
import Storage

/// Metrics of a trained model on a set of images.
public struct Evaluation: Codable, Sendable, Equatable {
  /// Number of images.
  public let images: Int
  /// Means over the images: `loss`, `accuracy`, `reconstruction`, `kl-divergence`, `elbo`.
  public let metrics: [String: Double]
  /// For a classifier: `confusion[class][predicted]` images.
  public let confusion: [[Int]]?
}

/// A trained model with a set of images resident on a device.
package final class Evaluator {
  /// The model.
  package let weights: Weights
  package let images: ImageSet
  let model: PreparedModel
  let backend: any Backend
  /// The `noise` given to the initialiser.
  let noise: Double?
  /// Whether pixels are binarised.
  package let binarisation: Binarisation
  /// The processes that share the batches; nil: this one evaluates all.
  let group: (any Collective)?

  /// Loads model and images on the device.
  ///
  /// - Parameters:
  ///   - weights: the model.
  ///   - images: the images.
  ///   - backend: the device.
  ///   - mode: whether a posterior is sampled (as its loss requires) or its mean decoded.
  ///   - noise: noise on the input; nil: the configuration's.
  ///   - binarise: binarisation; nil: the configuration's.
  ///   - group: processes that evaluate together, all with the same model and images: they share the computation and
  ///     all get the metrics. nil: this one alone.
  /// - Throws: `ProgramError`, or the backend's error.
  package init(
    _ weights: Weights, images: ImageSet, backend: any Backend, mode: EvaluationMode = .sample,
    noise: Double? = nil, binarise: Binarisation? = nil, group: (any Collective)? = nil
  ) throws {
    self.group = group
    self.weights = weights
    self.images = images
    self.backend = backend
    self.noise = noise
    binarisation = binarise ?? weights.configuration.binarise
    let batch = EvaluationShape.standardBatch
    try weights.configuration.require(images)
    model = try PreparedModel(
      weights.configuration, images: images, memory: images.memory,
      evaluation: EvaluationShape(
        steps: (images.count + batch - 1) / batch, mode: mode, noise: noise, binarise: binarisation),
      on: backend)
    if let labels = images.labels { try model.write(labels: labels) }
    try model.write(weights.state)
  }

  /// Losses and metrics.
  ///
  /// - Parameters:
  ///   - indices: which images; nil for all.
  ///   - draw: which draw of noise and samples.
  /// - Throws: `TrainingError` if a classifier's images have no labels, or the backend's error.
  package func evaluate(_ indices: [UInt32]? = nil, draw: Int = 0) throws -> Evaluation {
    try ArithmeticMode.standard { try evaluated(indices, draw: draw) }
  }

  private func evaluated(_ indices: [UInt32]?, draw: Int) throws -> Evaluation {
    var confusion: [[Int]]?
    if model.needsLabels {
      try requireLabels()
      let classes = weights.configuration.classCount
      confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
    }
    let batches = try begin(indices, draw: draw)
    let share = group?.share(of: batches.count) ?? batches.indices
    for (step, batch) in zip(share, batches[share]) {
      try model.evaluate(step)
      guard confusion != nil else { continue }
      for (index, logits) in zip(batch, try model.outputs(batch.count)) {
        confusion![Int(images.labels![Int(index)])][Self.largest(logits)] += 1
      }
    }
    let own = try model.evaluationLosses(steps: share.upperBound)[(share.lowerBound * model.slots.count)...]
    let losses = try group?.join(Array(own)) ?? Array(own)
    if let own = confusion { confusion = try group?.sum(own) ?? own }
    let means = MetricMeans(losses: losses, slots: model.slots, images: batches.map(\.count))
    return Evaluation(
      images: batches.reduce(0) { $0 + $1.count }, metrics: means?.named ?? [:], confusion: confusion)
  }

  /// The outputs for images: pixels from 0 to 1 in the order (channel, y, x), or logits of classes.
  ///
  /// - Throws: the backend's error.
  package func outputs(_ indices: [UInt32]? = nil) throws -> [[Float]] {
    try collect(indices, model.reconstructions)
  }

  /// Outputs (logits if the model computes logits) and codes of images, as a file whose tensors have the names that
  /// `tools/reference/check_weights.py` gives PyTorch's: `output` and `code`; with each image's `index` in its set and
  /// its `label`, if there are labels (both I64, like PyTorch's indices).
  ///
  /// - Throws: the backend's error.
  package func file(_ indices: [UInt32]) throws -> SafeTensors {
    var file = SafeTensors()
    for (name, read) in [("output", model.outputs), ("code", model.codes)] {
      let values = try collect(indices, read)
      try file.add(name, shape: [values.count, values[0].count], floats: values.flatMap { $0 })
    }
    try file.add("index", shape: [indices.count], values: indices.map { Int64($0) })
    if let labels = images.labels {
      try file.add("label", shape: [indices.count], values: indices.map { Int64(labels[Int($0)]) })
    }
    return file
  }

  /// The latent code of images; a posterior's mean.
  ///
  /// - Throws: the backend's error.
  package func codes(_ indices: [UInt32]? = nil) throws -> [[Float]] {
    try collect(indices, model.codes)
  }

  /// The posteriors of images: their means (plain codes if the model has no posterior) and variances, the exponential
  /// of the encoder's log-variance.
  ///
  /// - Throws: the backend's error.
  package func posteriors(_ indices: [UInt32]? = nil) throws -> (means: [[Float]], variances: [[Float]]?) {
    let codes = try codes(indices)
    guard weights.configuration.architecture.isVariational else { return (codes, nil) }
    let logarithms = try collect(indices) { try model.logVariances($0)! }
    return ArithmeticMode.standard { (codes, logarithms.map { $0.map { Elementary.exp($0) } }) }
  }

  /// The loss of each image, as ``Loss`` defines it for a batch of that image alone; for a posterior, only the
  /// reconstruction loss.
  ///
  /// - Throws: `TrainingError` if a classifier's images have no labels, or the backend's error.
  package func losses(_ indices: [UInt32]? = nil) throws -> [Float] {
    if model.needsLabels { try requireLabels() }
    let values = try weights.configuration.architecture.shapes().last!.count
    let scale = Float(weights.configuration.loss.lossScale(images: 1, values: values))
    return try collect(indices) { try model.imageLosses($0).map { [$0 * scale] } }.map { $0[0] }
  }

  private func requireLabels() throws {
    guard images.labels == nil else { return }
    throw TrainingError(.data, "the images have no labels: a classifier's figures need them")
  }

  /// The results of `read` for every batch, given its number of images.
  private func collect(_ indices: [UInt32]?, _ read: (Int) throws -> [[Float]]) throws -> [[Float]] {
    try ArithmeticMode.standard {
      try begin(indices, draw: 0).enumerated().flatMap { step, batch in
        try model.evaluate(step)
        return try read(batch.count)
      }
    }
  }

  /// Prepares the device for these images (nil: all); returns them in batches.
  func begin(_ indices: [UInt32]?, draw: Int) throws -> [ArraySlice<UInt32>] {
    let indices = indices ?? Array(0..<UInt32(images.count))
    precondition(indices.count <= images.count, "\(indices.count) indices of \(images.count) images")
    let batches = model.evaluationBatches(indices)
    try model.beginEvaluation(batches, draw: draw)
    return batches
  }

  /// The lowest index of the largest value.
  private static func largest(_ values: [Float]) -> Int {
    values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
  }
}

extension Configuration {
  /// Takes the shape of images, and the number of classes if there are labels, from `dataset`.
  ///
  /// Throws: `ConfigurationError` if the configuration has other values, `TrainingError` if a classifier's data have no
  /// labels.
  package mutating func take(_ dataset: Dataset) throws {
    if classifies { try TrainingData.requireLabels(of: dataset) }
    try take(image: MapShape(dataset.shape), classes: dataset.classCount)
  }

  /// Throws: `TrainingError` if the model takes images of another shape, or the labels have more classes.
  func require(_ images: ImageSet) throws {
    let shape = MapShape(images.shape)
    guard shape == imageShape || imageShape == .features(shape.count) else {
      throw TrainingError(
        .data, "the images are \(shape), the model takes \(imageShape) (channels, height, width)")
    }
    if classifies, let largest = images.labels?.max(), largest >= classCount {
      throw TrainingError(
        .data, "the labels go up to \(largest), the model knows the classes 0 to \(classCount - 1)")
    }
  }
}

extension MapShape {
  /// The shape of an image as a layer's input.
  package init(_ shape: ImageShape) { self.init(shape.channels, shape.height, shape.width) }
}
