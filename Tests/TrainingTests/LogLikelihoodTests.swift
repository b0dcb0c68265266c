import Datasets
import Foundation
import Models
import Programs
import Storage
import TestSupport
import Testing
import Training

/// The importance-weighted estimate of log p(x). Against textbook loops in double: see `LikelihoodOracleTests`.
@Suite struct LogLikelihoodTests {
  private func weights(_ kind: ModelKind, _ settings: [String: String] = [:]) throws -> Weights {
    let trainer = try Trainer(
      Support.configuration(kind, settings), dataset: Support.dataset(), backend: Support.backend())
    _ = try trainer.fit(through: 2)
    return Weights(trainer.configuration, try trainer.checkpoint().state)
  }

  /// Weights that give this logarithm of every variance, whatever the image.
  private func narrow(_ weights: Weights, logVariance: Float) throws -> Weights {
    var state = weights.state
    for index in state.parameters.indices where state.parameters[index].name.contains("logvar") {
      let isBias = state.parameters[index].name.hasSuffix("bias")
      state.parameters[index].values = state.parameters[index].values.map { _ in isBias ? logVariance : 0 }
    }
    return Weights(weights.configuration, state)
  }

  @Test("The mean over images of the log of the mean over samples", arguments: [1, 16, 21])
  func mean(_ samples: Int) throws {
    // 300 images are two batches of the evaluator's and one here.
    let (weights, images) = (try weights(.vae), try Blobs.images(300))
    let twin = try PreparedModel(
      weights.configuration, images: 300,
      evaluation: EvaluationShape(steps: 2, batch: 300, mode: .likelihood(samples: min(samples, 16))),
      on: Support.backend())
    try twin.write(images: images.pixels)
    try twin.write(weights.state)
    try twin.beginLikelihood(Array(0..<300)[...], draws: 2)
    var losses: [[Float]] = []
    for pass in 0..<2 {
      try twin.evaluate(pass)
      losses += try twin.sampleLosses(300)
    }
    #expect(Set(losses.map { $0[0] }).count == losses.count, "every sample is another")
    let sum = (0..<300).reduce(0.0) { sum, n in
      let terms = losses.prefix(samples).map { -Double($0[n]) }
      return sum + terms[0] + log(terms.reduce(0) { $0 + exp($1 - terms[0]) } / Double(samples))
    }
    let found = try Evaluator(weights, images: images, backend: Support.backend(threads: 2))
      .logLikelihood(samples: samples)
    #expect(abs(found - sum / 300) < 1e-9 * abs(found))
  }

  @Test("One sample is near the ELBO, and more samples give more", arguments: [ModelKind.vae, .convVAE])
  func samples(_ kind: ModelKind) throws {
    // The divergence's weight in training does not apply to a likelihood.
    let evaluator = try Evaluator(
      weights(kind, ["kl-weight": "0.5"]), images: Blobs.images(300), backend: Support.backend())
    let elbo = try evaluator.evaluate().metrics["elbo"]!
    let (one, fifty) = (try evaluator.logLikelihood(samples: 1), try evaluator.logLikelihood(samples: 50))
    // They differ by the difference between the sampled divergence and its mean.
    #expect(abs(one - elbo) < 0.5)
    #expect(fifty > one)
  }

  @Test(
    "Where the posterior is so narrow that every code is its mean, the estimate still lies above the bound")
  func narrowPosterior() throws {
    let evaluator = try Evaluator(
      narrow(weights(.vae), logVariance: -60), images: Blobs.images(100), backend: Support.backend())
    let elbo = try evaluator.evaluate().metrics["elbo"]!
    // One sample is the bound up to the mean of ½ε² over four dimensions; if all samples are otherwise equal, k of
    // them add log(1/k · Σ exp(½ε²)) to it.
    #expect(abs(try evaluator.logLikelihood(samples: 1) - elbo) < 0.5)
    #expect(try evaluator.logLikelihood(samples: 20) - elbo > 1)
  }

  @Test("Of images that are named, of bits and of gray values")
  func images() throws {
    let (weights, images) = (try weights(.vae, ["binarise": "dynamic"]), try Blobs.images(40))
    func evaluator(_ binarise: Binarisation?) throws -> Evaluator {
      try Evaluator(weights, images: images, backend: Support.backend(), binarise: binarise)
    }
    let own = try evaluator(nil)
    #expect(own.binarisation == .dynamic)
    let bits = try own.logLikelihood(samples: 4)
    #expect(try evaluator(.fixed).logLikelihood(samples: 4) == bits)
    #expect(try evaluator(Binarisation.none).logLikelihood(samples: 4) != bits)
    var shares: [Double] = []
    let halves = try [0..<20, 20..<40].map { range in
      try own.logLikelihood(samples: 4, Array(range)) { shares.append($0) }
    }
    #expect(abs((halves[0] + halves[1]) / 2 - bits) < 1e-12 * abs(bits) && halves[0] != halves[1])
    #expect(shares == [1, 1])
  }

  @Test("A loss that is no cross-entropy of bits gives no likelihood")
  func otherLosses() throws {
    let layers = Architecture(
      input: .features(784), encoder: [.posterior("encoder", latent: 3)],
      decoder: [.linear("decoder.fc", outputs: 784)])
    let model = try PreparedModel(
      Configuration(layers, loss: .meanSquaredError), images: 1, evaluation: EvaluationShape(steps: 1),
      on: Support.backend())
    let weights = Weights(model.configuration, try model.state(withOptimizer: false))
    let evaluator = try Evaluator(weights, images: Blobs.images(3), backend: Support.backend())
    #expect(throws: TrainingError.self) { try evaluator.logLikelihood(samples: 2) }
  }
}
