import Models

/// Means over images of the losses and metrics of steps.
///
/// Determinism: double, in step order; a step's mean is weighted by its number of images.
package struct MetricMeans: Sendable, Equatable {
  /// Means by metric, `correct` as the fraction of images.
  package let values: [Metric: Double]

  /// Means of `losses[step · slots + slot]` for steps of `images` images.
  ///
  /// Nil if there are no images.
  init?(losses: [Float], slots: [Metric], images: [Int]) {
    let total = images.reduce(0, +)
    guard total > 0 else { return nil }
    var values: [Metric: Double] = [:]
    for (slot, metric) in slots.enumerated() {
      var sum = 0.0
      for (step, count) in images.enumerated() {
        let value = Double(losses[step * slots.count + slot])
        sum += metric.isMean ? value * Double(count) : value
      }
      values[metric] = sum / Double(total)
    }
    self.values = values
  }

  package var loss: Double { values[.loss]! }

  /// The loss with this weight of the KL divergence, whatever weight was used in training.
  func loss(klWeight: Double) -> Double {
    guard let reconstruction = values[.reconstruction], let divergence = values[.klDivergence] else {
      return loss
    }
    return reconstruction + klWeight * divergence
  }

  /// All metrics by their names in tables and files, including the ELBO of a variational autoencoder.
  package var named: [String: Double] {
    var named: [String: Double] = [:]
    for (metric, value) in values { named[metric == .correct ? "accuracy" : metric.rawValue] = value }
    if let reconstruction = values[.reconstruction], let divergence = values[.klDivergence] {
      named["elbo"] = -(reconstruction + divergence)
    }
    return named
  }
}
