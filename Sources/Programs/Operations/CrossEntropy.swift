/// Softmax and cross-entropy of each image, whether its class was predicted, and the gradient.
///
/// Per image, over classes in order: m = maximum (a > b ? a : b), eᵢ = exp(xᵢ − m), s = chain of additions from
/// +0; loss = log(s) − (x_label − m); gradient = (eᵢ ÷ s − [i = label]) · gradientScale. `correct` is 1 where the
/// largest logit (lowest index on a tie) is the label's, else 0. Absent images give +0 everywhere.
///
/// Shapes: logits, gradient [N, classes]; perImage, correct [N, 1]; labels: one byte per image of the data set.
package struct CrossEntropy: Descriptor {
  package let logits: Buffer
  package let labels: Buffer
  package let source: BatchSource
  package let perImage: Buffer
  package let correct: Buffer
  /// nil: no gradient is wanted.
  package let gradient: Buffer?

  /// Throws: ``ProgramError`` if shapes differ.
  package init(
    logits: Buffer, labels: Buffer, source: BatchSource, perImage: Buffer, correct: Buffer, gradient: Buffer?
  ) throws {
    let (batch, classes) = try requireFeatures("cross-entropy", "logits", logits)
    try require((2...256).contains(classes), "cross-entropy", "\(classes) classes, expected 2...256")
    try requireImages("cross-entropy", "per-image loss", perImage, batch, .features(1))
    try requireImages("cross-entropy", "per-image correct", correct, batch, .features(1))
    if let gradient { try requireSame("cross-entropy", logits, gradient) }
    try requireBytes("cross-entropy", "labels", labels, atLeast: 1)
    try source.check("cross-entropy", batch: batch)
    self.logits = logits
    self.labels = labels
    self.source = source
    self.perImage = perImage
    self.correct = correct
    self.gradient = gradient
  }

  package var kind: Operation.Kind { .crossEntropy }
  package var chunkedBatch: Int? { logits.images?.batch }
  package var reads: [Buffer] { [logits, labels] + source.buffers }
  package var writes: [Buffer] { [perImage, correct] + (gradient.map { [$0] } ?? []) }
  package var flops: Int { logits.count * 25 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}
