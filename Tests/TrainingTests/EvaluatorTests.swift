import Models
import TestSupport
import Testing
import Training

@Suite struct EvaluatorTests {
  private func weights(_ kind: ModelKind, _ settings: [String: String] = [:]) throws -> Weights {
    let trainer = try Trainer(
      Support.configuration(kind, settings), dataset: Support.dataset(), backend: Support.backend())
    _ = try trainer.fit(through: 2)
    return Weights(trainer.configuration, try trainer.checkpoint().state)
  }

  @Test("The loss is that of the outputs", arguments: [ModelKind.convAutoencoder, .denoisingAutoencoder])
  func meanSquaredError(_ kind: ModelKind) throws {
    let images = try Blobs.images(300)
    let evaluator = try Evaluator(weights(kind), images: images, backend: Support.backend())
    let found = try evaluator.evaluate()
    var sum = 0.0
    for (index, output) in try evaluator.outputs().enumerated() {
      for (pixel, value) in zip(images.image(index), output) {
        let difference = Double(pixel) / 255 - Double(value)
        sum += difference * difference
      }
    }
    let expected = sum / (300 * 784)
    #expect(found.images == 300 && found.confusion == nil)
    #expect(abs(try #require(found.metrics["loss"]) - expected) < 1e-6 * expected + 1e-9)
    #expect(try evaluator.codes([3, 299]).count == 2)
  }

  @Test func classifier() throws {
    let images = try Blobs.images(270)
    let evaluator = try Evaluator(weights(.classifier), images: images, backend: Support.backend())
    let found = try evaluator.evaluate()
    let confusion = try #require(found.confusion)
    let right = (0..<10).reduce(0) { $0 + confusion[$1][$1] }
    #expect(confusion.flatMap { $0 }.reduce(0, +) == 270)
    #expect(found.metrics["accuracy"] == Double(right) / 270)
    let unlabelled = try Evaluator(
      evaluator.weights, images: Blobs.images(5, labelled: false), backend: Support.backend())
    #expect(throws: TrainingError.self) { try unlabelled.evaluate() }
    #expect(try unlabelled.outputs().count == 5)
  }

  @Test("Posteriors", arguments: [ModelKind.vae, .convVAE])
  func posterior(_ kind: ModelKind) throws {
    let weights = try weights(kind)
    let images = try Blobs.images(20)
    let sampled = try Evaluator(weights, images: images, backend: Support.backend())
    let first = try sampled.evaluate()
    #expect(try sampled.evaluate() == first)
    #expect(try sampled.evaluate(draw: 1) != first)
    let metrics = first.metrics
    let elbo = try #require(metrics["elbo"])
    #expect(abs(elbo + metrics["loss"]!) < 1e-4 * abs(elbo))

    let one = try sampled.logLikelihood(samples: 1)
    let five = try sampled.logLikelihood(samples: 5)
    #expect(one < 0 && five.isFinite && five != one)

    // The mean decoded by one program and by two.
    let mean = try Evaluator(weights, images: images, backend: Support.backend(), mode: .mean)
    let codes = try mean.codes()
    #expect(try mean.outputs() == Decoder(weights, backend: Support.backend()).outputs(codes))
    #expect(try mean.outputs() != sampled.outputs())
    #expect(try sampled.codes() == codes)
  }

  @Test("The ELBO counts the KL divergence once, whatever its weight in the loss")
  func elbo() throws {
    let evaluator = try Evaluator(
      weights(.vae, ["kl-weight": "4"]), images: Blobs.images(20), backend: Support.backend())
    let metrics = try evaluator.evaluate().metrics
    let (reconstruction, divergence) = (metrics["reconstruction"]!, metrics["kl_divergence"]!)
    #expect(divergence > 0.01)
    #expect(metrics["elbo"] == -(reconstruction + divergence))
    let loss = metrics["loss"]!
    #expect(abs(loss - (reconstruction + 4 * divergence)) < 1e-5 * loss)
  }

  @Test func aLikelihoodNeedsAPosterior() throws {
    let evaluator = try Evaluator(
      weights(.convAutoencoder), images: Blobs.images(3), backend: Support.backend())
    #expect(throws: TrainingError.self) { try evaluator.logLikelihood(samples: 2) }
  }

  @Test func noiseCanBeChosen() throws {
    let weights = try weights(.convAutoencoder)
    let images = try Blobs.images(20)
    func loss(_ noise: Double?) throws -> Double {
      try Evaluator(weights, images: images, backend: Support.backend(), noise: noise)
        .evaluate().metrics["loss"]!
    }
    #expect(try loss(nil) == loss(0))
    #expect(try loss(0.8) != loss(0))
  }
}
