import Foundation
import Models
import Programs

extension Evaluator {
  /// The importance-weighted estimate of log p(x), averaged over images: log of the mean over k samples of
  /// p(x | z) p(z) / q(z | x), z drawn from q. With k = 1 it is the ELBO; it grows with k towards log p(x).
  ///
  /// Source: Burda, Grosse & Salakhutdinov, Importance Weighted Autoencoders (2016).
  ///
  /// Determinism: samples are those of draws 0 ..< k; double on the host, so the last digits may differ between
  /// systems' mathematical libraries.
  ///
  /// - Parameters:
  ///   - samples: k.
  ///   - indices: which images; nil for all.
  /// - Throws: `TrainingError` where the model has no posterior, or its mean is decoded; or the backend's error.
  package func logLikelihood(samples: Int, _ indices: [UInt32]? = nil) throws -> Double {
    precondition(samples > 0, "\(samples) samples")
    var logWeights: [[Double]] = []
    for draw in 0..<samples {
      var place = 0
      for (step, batch) in try begin(indices, draw: draw).enumerated() {
        try model.evaluate(step)
        guard let posterior = try model.posterior(batch.count) else {
          throw TrainingError(
            .data,
            "\(weights.configuration.model.rawValue) gives no likelihood: that needs a variational autoencoder whose "
              + "posterior is sampled")
        }
        let means = try model.codes(batch.count)
        for n in 0..<batch.count {
          if draw == 0 { logWeights.append([]) }
          let ratio = Self.logRatio(
            posterior.samples[n], mean: means[n], logVariance: posterior.logVariances[n])
          logWeights[place].append(ratio - Double(posterior.losses[n]))
          place += 1
        }
      }
    }
    return logWeights.reduce(0) { $0 + Self.logMeanExp($1) } / Double(logWeights.count)
  }

  /// log p(z) − log q(z | x); the constants of the two normal densities cancel.
  private static func logRatio(_ code: [Float], mean: [Float], logVariance: [Float]) -> Double {
    code.indices.reduce(0) { sum, index in
      let (z, mu, logvar) = (Double(code[index]), Double(mean[index]), Double(logVariance[index]))
      return sum + 0.5 * ((z - mu) * (z - mu) * exp(-logvar) + logvar - z * z)
    }
  }

  private static func logMeanExp(_ values: [Double]) -> Double {
    let largest = values.max()!
    return largest + log(values.reduce(0) { $0 + exp($1 - largest) } / Double(values.count))
  }
}
