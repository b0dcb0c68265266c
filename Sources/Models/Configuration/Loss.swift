import Programs

/// The loss to minimise.
public enum Loss: String, CaseIterable, Hashable, Sendable, Codable {
  /// Mean over all pixels of (p − t)².
  case meanSquaredError = "mean-squared-error"
  /// On logits; summed over pixels, averaged over images.
  case binaryCrossEntropy = "binary-cross-entropy"
  /// The importance-weighted bound of −log p(x) over several samples of a posterior, on logits; averaged over images.
  case importanceWeighted = "iwae"
  /// Over classes, averaged over images.
  case crossEntropy = "cross-entropy"

  /// Whether the loss takes logits, so that the last layer has no sigmoid.
  package var takesLogits: Bool { self != .meanSquaredError }

  /// The factor of the summed loss of `images` images of `values` values; the step table rounds it once.
  package func lossScale(images: Int, values: Int) -> Double { 1 / divisor(images, values) }

  /// The factor of the loss gradients; the step table rounds it once.
  package func gradientScale(images: Int, values: Int) -> Double {
    (self == .meanSquaredError ? 2 : 1) / divisor(images, values)
  }

  private func divisor(_ images: Int, _ values: Int) -> Double {
    self == .meanSquaredError ? Double(images * values) : Double(images)
  }
}

/// A metric that each step stores in its own slot.
package enum Metric: String, CaseIterable, Hashable, Sendable, Codable {
  /// The training loss, per image or pixel as defined by ``Loss``.
  case loss
  /// A variational autoencoder's reconstruction error.
  case reconstruction
  /// A variational autoencoder's KL divergence, unweighted.
  case klDivergence = "kl_divergence"
  /// Number of correctly classified images.
  case correct

  /// Whether the slot holds a mean over the step's images; otherwise it holds their sum.
  package var isMean: Bool { self != .correct }
}
