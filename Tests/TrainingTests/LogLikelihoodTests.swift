import Datasets
import Foundation
import Models
import Programs
import TestSupport
import Testing
import Training

/// The importance-weighted estimate of log p(x) against its definition, term by term in double.
@Suite struct LogLikelihoodTests {
  /// A program of its own on the same weights, whose samples and posteriors are looked at.
  private struct Twin {
    let model: PreparedModel
    let images: Int

    init(_ weights: Weights, _ images: ImageSet) throws {
      model = try PreparedModel(
        weights.configuration, images: images.count,
        evaluation: EvaluationShape(steps: 1, batch: images.count), on: Support.backend())
      self.images = images.count
      try model.write(images: images.pixels)
      try model.write(weights.state)
    }

    /// Draws once, and gives log p(x | z) + log p(z) − log q(z | x) of every image.
    func logWeights(draw: Int) throws -> [Double] {
      try model.beginEvaluation([Array(0..<UInt32(images))[...]], draw: draw)
      try model.evaluate(0)
      let posterior = try #require(try model.posterior(images))
      let (codes, means) = (doubles(posterior.samples), doubles(try model.codes(images)))
      let variances = doubles(posterior.logVariances).map { $0.map { exp($0) } }
      return (0..<images).map { n in
        codes[n].indices.reduce(-Double(posterior.losses[n])) { sum, i in
          sum + Self.logNormal(codes[n][i], 0, 1) - Self.logNormal(codes[n][i], means[n][i], variances[n][i])
        }
      }
    }

    private func doubles(_ rows: [[Float]]) -> [[Double]] { rows.map { $0.map(Double.init) } }

    private static func logNormal(_ x: Double, _ mean: Double, _ variance: Double) -> Double {
      -0.5 * (log(2 * Double.pi * variance) + (x - mean) * (x - mean) / variance)
    }
  }

  private func weights(_ kind: ModelKind) throws -> Weights {
    let trainer = try Trainer(
      Support.configuration(kind, ["kl-weight": "0.5"]), dataset: Support.dataset(),
      backend: Support.backend())
    _ = try trainer.fit()
    return Weights(trainer.configuration, try trainer.checkpoint().state)
  }

  @Test("As its definition says", arguments: [ModelKind.vae, .convVAE], [1, 7])
  func definition(_ kind: ModelKind, _ samples: Int) throws {
    let weights = try weights(kind)
    // The evaluator needs two batches for them, the twin one.
    let images = try Blobs.images(300)
    let twin = try Twin(weights, images)
    let draws = try (0..<samples).map(twin.logWeights)
    var sum = 0.0
    for n in 0..<images.count {
      let terms = draws.map { $0[n] }
      // exp(-500) is no number of ours: the mean of exp is taken relative to the first term.
      sum += terms[0] + log(terms.reduce(0) { $0 + exp($1 - terms[0]) } / Double(samples))
    }
    let expected = sum / Double(images.count)
    let found = try Evaluator(weights, images: images, backend: Support.backend())
      .logLikelihood(samples: samples)
    #expect(abs(found - expected) < 1e-9 * abs(expected), "\(found), expected \(expected)")
  }

  @Test("One sample is near the ELBO, and more samples give more")
  func samples() throws {
    let evaluator = try Evaluator(weights(.vae), images: Blobs.images(300), backend: Support.backend())
    let elbo = try evaluator.evaluate().metrics["elbo"]!
    let (one, fifty) = (try evaluator.logLikelihood(samples: 1), try evaluator.logLikelihood(samples: 50))
    // They differ by what the sampled divergence differs from its mean.
    #expect(abs(one - elbo) < 0.5)
    #expect(fifty > one)
  }
}
