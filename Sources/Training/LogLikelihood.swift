import Models
import Numerics
import Programs

extension Evaluator {
  /// Samples per image in one pass of the decoder: they share the encoder's work. The bits depend on it, since a
  /// sample's number in its pass determines its random numbers.
  private static let samplesOfPass = 16

  /// The importance-weighted estimate of log p(x), averaged over images: log of the mean over k samples of
  /// p(x | z) p(z) / q(z | x), z drawn from q, in nats. A log-likelihood for bits (``binarisation``); for gray values,
  /// whose cross-entropy is not a likelihood, only a figure for comparison. k = 1 gives the ELBO; it grows towards log
  /// p(x) with k.
  ///
  /// Source: Burda, Grosse & Salakhutdinov, Importance Weighted Autoencoders (2016).
  ///
  /// Determinism: sample k is sample k mod 16 of draw k div 16, in binary32 on the device; then double with our own
  /// functions: maximum, sum of exponentials in sample order, mean in image order.
  ///
  /// - Parameters:
  ///   - samples: k.
  ///   - indices: which images; nil for all.
  ///   - progress: called with the fraction of images that are done.
  /// - Throws: `TrainingError` if the model has no posterior, or its loss takes no logits; or the backend's error.
  package func logLikelihood(
    samples: Int, _ indices: [UInt32]? = nil, progress: (Double) -> Void = { _ in }
  ) throws -> Double {
    try ArithmeticMode.standard { try estimate(samples, indices, progress) }
  }

  private func estimate(_ samples: Int, _ indices: [UInt32]?, _ progress: (Double) -> Void) throws -> Double {
    precondition(samples > 0, "\(samples) samples")
    let configuration = weights.configuration
    guard configuration.architecture.isVariational, configuration.outputsAreLogits else {
      throw TrainingError(
        .data,
        "\(configuration.model.rawValue) gives no likelihood: that needs a variational autoencoder trained with "
          + "\(Loss.binaryCrossEntropy.rawValue) or \(Loss.importanceWeighted.rawValue)")
    }
    let indices = indices ?? Array(0..<UInt32(images.count))
    let together = min(samples, Self.samplesOfPass)
    let passes = (samples + together - 1) / together
    let model = try PreparedModel(
      configuration, images: images, memory: images.memory,
      evaluation: EvaluationShape(
        steps: passes, batch: Self.batch(configuration), mode: .likelihood(samples: together), noise: noise,
        binarise: binarisation), on: backend)
    try model.write(weights.state)
    let batches = model.evaluationBatches(indices)
    let share = batches[group?.share(of: batches.count) ?? batches.indices]
    let count = share.reduce(0) { $0 + $1.count }
    var values: [Double] = []
    for batch in share {
      try model.beginLikelihood(batch, draws: passes)
      var losses: [[Float]] = []
      for pass in 0..<passes {
        try model.evaluate(pass)
        losses += try model.sampleLosses(batch.count)
      }
      losses.removeLast(losses.count - samples)
      for n in 0..<batch.count { values.append(Self.logMeanExp(losses.map { -Double($0[n]) })) }
      progress(Double(values.count) / Double(count))
    }
    return (try group?.join(values) ?? values).reduce(0, +) / Double(indices.count)
  }

  /// Images that go through the encoder together: fewer if they are large, since each has its own samples.
  private static func batch(_ configuration: Configuration) -> Int {
    let values = configuration.imageShape.count * samplesOfPass
    return min(max((1 << 22) / values / Blocking.block, 1) * Blocking.block, EvaluationShape.standardBatch)
  }

  private static func logMeanExp(_ values: [Double]) -> Double {
    let largest = values.max()!
    let sum = values.reduce(0) { $0 + Elementary.exp($1 - largest) }
    return largest + Elementary.log(sum / Double(values.count))
  }
}
