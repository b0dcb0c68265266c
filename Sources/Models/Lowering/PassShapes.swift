/// The shape of training.
package struct TrainingShape: Hashable, Sendable {
  /// Steps of an epoch.
  package let steps: Int
  /// The layers that train.
  package let layers: TrainingPhases.Layers
  /// The parts of a batch that this program computes, while other processes compute the rest; nil: all.
  package let parts: Range<Int>?

  /// Training of `layers` with room for `steps` steps.
  package init(steps: Int, layers: TrainingPhases.Layers = .all, parts: Range<Int>? = nil) {
    self.steps = steps
    self.layers = layers
    self.parts = parts
  }
}

/// The shape of `evaluate`.
package struct EvaluationShape: Hashable, Sendable {
  /// Images in an evaluation batch. Fixed, since the bits of a validation loss depend on the sum over a batch.
  package static let standardBatch = 256
  /// Maximum number of batches.
  package let steps: Int
  /// Images in a batch.
  package let batch: Int
  /// What happens at the code.
  package let mode: EvaluationMode
  /// Noise on the input; nil: the configuration's.
  package let noise: Double?
  /// Binarisation; nil: the configuration's.
  package let binarise: Binarisation?

  /// Evaluation of up to `steps` batches.
  package init(
    steps: Int, batch: Int = EvaluationShape.standardBatch, mode: EvaluationMode = .sample,
    noise: Double? = nil, binarise: Binarisation? = nil
  ) {
    self.steps = steps
    self.batch = batch
    self.mode = mode
    self.noise = noise
    self.binarise = binarise
  }
}

/// What `evaluate` does at the latent code.
package enum EvaluationMode: Hashable, Sendable {
  /// A posterior is sampled, as its loss requires. Word 1 of the random counter is the table's epoch: k samples take k
  /// values of it.
  case sample
  /// A posterior's mean is decoded.
  case mean
  /// The code is given by the host, nothing is encoded, and there is no loss.
  case decode
  /// A posterior is sampled this many times per image, and only the samples' losses are kept. For a model with a
  /// posterior and a loss on logits of bits.
  case likelihood(samples: Int)

  var isLikelihood: Bool { if case .likelihood = self { true } else { false } }
}
