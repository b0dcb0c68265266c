/// Sum of squared errors of each image, and its gradient.
///
/// Per image one chain over the values in (channel, y, x) order: d = p − t, acc = fma(d, d, acc), then + 0.0.
/// Gradient: d · gradientScale, through `activation` (identity, or sigmoid: · (p · (1 − p))).
/// Absent images have loss and gradient +0.
///
/// Shapes: prediction, target, gradient [N, C, H, W]; perImage [N, 1].
package struct MeanSquaredError: Descriptor {
  package let loss: ReconstructionLoss

  /// Throws: ``ProgramError`` if shapes differ or the activation is neither identity nor sigmoid.
  package init(_ loss: ReconstructionLoss) throws {
    try loss.check("mean squared error")
    try require(
      loss.activation == .identity || loss.activation == .sigmoid, "mean squared error",
      "activation is \(loss.activation), expected identity or sigmoid")
    self.loss = loss
  }

  package var kind: Operation.Kind { .meanSquaredError }
  package var chunkedBatch: Int? { loss.prediction.images?.batch }
  package var reads: [Buffer] { loss.reads }
  package var writes: [Buffer] { loss.writes }
  package var flops: Int { loss.prediction.count * 6 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Binary cross-entropy on logits, summed over each image, and its gradient.
///
/// Per image one chain over the values in (channel, y, x) order of the term in `Numerics`' table of formulas
/// (max(x, 0) − x·t + log1p(exp(−|x|))), then + 0.0. Gradient: (sigmoid(x) − t) · gradientScale.
/// Absent images have loss and gradient +0.
///
/// Shapes: prediction (logits), target, gradient [N, C, H, W]; perImage [N, 1].
package struct BinaryCrossEntropy: Descriptor {
  package let loss: ReconstructionLoss

  /// Throws: ``ProgramError`` if shapes differ or an activation is given.
  package init(_ loss: ReconstructionLoss) throws {
    try loss.check("binary cross-entropy")
    try require(
      loss.activation == .identity, "binary cross-entropy", "takes logits, not \(loss.activation)")
    self.loss = loss
  }

  package var kind: Operation.Kind { .binaryCrossEntropy }
  package var chunkedBatch: Int? { loss.prediction.images?.batch }
  package var reads: [Buffer] { loss.reads }
  package var writes: [Buffer] { loss.writes }
  package var flops: Int { loss.prediction.count * 40 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Buffers of a loss that compares an image with its target. Predictions may be several samples of each image
/// (``BatchSource/samples``); targets are the images.
package struct ReconstructionLoss: Hashable, Sendable {
  package let prediction: Buffer
  package let target: Buffer
  package let perImage: Buffer
  /// nil: no gradient is wanted.
  package let gradient: Buffer?
  /// The activation that made the prediction; the gradient is taken before it.
  package let activation: Activation
  package let source: BatchSource

  /// Buffers of a reconstruction loss; checked when a loss is made of them.
  package init(
    prediction: Buffer, target: Buffer, perImage: Buffer, gradient: Buffer?, activation: Activation,
    source: BatchSource
  ) {
    self.prediction = prediction
    self.target = target
    self.perImage = perImage
    self.gradient = gradient
    self.activation = activation
    self.source = source
  }

  func check(_ operation: String) throws {
    guard let (batch, shape) = prediction.images else {
      throw ProgramError(operation, "prediction \(prediction.name) holds no images")
    }
    try source.check(operation, batch: batch)
    try requireImages(operation, "target", target, source.images(rows: batch), shape)
    if let gradient { try requireSame(operation, prediction, gradient) }
    try requireImages(operation, "per-image loss", perImage, batch, .features(1))
  }

  var reads: [Buffer] { [prediction, target, source.table] }
  var writes: [Buffer] { [perImage] + (gradient.map { [$0] } ?? []) }
}
