import Programs

/// What training makes small.
public enum Loss: String, CaseIterable, Hashable, Sendable, Codable {
  /// Mean over all pixels of (p − t)².
  case meanSquaredError = "mean-squared-error"
  /// On logits; summed over pixels, averaged over images.
  case binaryCrossEntropy = "binary-cross-entropy"
  /// The importance-weighted bound of −log p(x) over several samples of a posterior, on logits; averaged over images.
  case importanceWeighted = "iwae"
  /// Of classes, averaged over images.
  case crossEntropy = "cross-entropy"

  /// Whether the model's last layer stays without a sigmoid.
  package var takesLogits: Bool { self != .meanSquaredError }

  /// What the summed loss of `images` images of `values` values is multiplied by; the table of steps rounds it once.
  package func lossScale(images: Int, values: Int) -> Double { 1 / divisor(images, values) }

  /// What every gradient of the loss is multiplied by; the table of steps rounds it once.
  package func gradientScale(images: Int, values: Int) -> Double {
    (self == .meanSquaredError ? 2 : 1) / divisor(images, values)
  }

  private func divisor(_ images: Int, _ values: Int) -> Double {
    self == .meanSquaredError ? Double(images * values) : Double(images)
  }
}

/// A figure that each step leaves in a slot of its own.
package enum Metric: String, CaseIterable, Hashable, Sendable, Codable {
  /// What training makes small, per image or pixel as ``Loss`` says.
  case loss
  /// A variational autoencoder's reconstruction error.
  case reconstruction
  /// A variational autoencoder's KL divergence, unweighted.
  case klDivergence = "kl_divergence"
  /// Number of images whose class was found.
  case correct

  /// Whether the slot holds a mean over the step's images; otherwise it holds their sum.
  package var isMean: Bool { self != .correct }
}
