import Models
import Numerics
import Training

/// Codes in an order that shows the latent space.
package enum LatentPaths {
  /// Codes of a square grid over a latent plane, through the quantile of the standard normal distribution, so that
  /// every tile covers the same probability of the prior: `side` rows of `side` codes. The first value grows to the
  /// right, the second upwards, as in a chart.
  ///
  /// Formula: quantile((i + ½) / side).
  ///
  /// - Throws: `TrainingError` if the model is not a variational autoencoder with two latent values.
  package static func grid(side: Int, _ configuration: Configuration) throws -> [[Float]] {
    let width = configuration.classifies ? 0 : try configuration.codeWidth
    guard configuration.architecture.isVariational, width == 2 else {
      let has =
        configuration.architecture.isVariational
        ? "this one's are \(width)" : "\(configuration.model.rawValue) has no prior"
      throw TrainingError(
        .model, "the grid needs a variational autoencoder of two latent values (latent=2), and \(has)")
    }
    let places = (0..<side).map { Float(Elementary.normalQuantile((Double($0) + 0.5) / Double(side))) }
    return places.reversed().flatMap { second in places.map { first in [first, second] } }
  }

  /// Codes on the straight line from `start` to `end`, both included; `steps` is at least 2.
  package static func line(from start: [Float], to end: [Float], steps: Int) -> [[Float]] {
    precondition(steps >= 2 && start.count == end.count, "a line of \(steps) codes")
    return (0..<steps).map { step in
      let share = Double(step) / Double(steps - 1)
      return zip(start, end).map { Float((1 - share) * Double($0) + share * Double($1)) }
    }
  }
}
