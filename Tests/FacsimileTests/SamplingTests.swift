import Facsimile
import TestSupport
import Testing

@Suite("Samplers through the library")
struct SamplingTests {
  @Test("Every sampler gives images with the same bits on every device; the first are the same however many")
  func samples() throws {
    let images = try Support.images(90)
    for (kind, samplers) in [
      (ModelKind.convAutoencoder, [Sampler.gaussian, .mixture, .uniform]), (.vae, Sampler.allCases),
    ] {
      var model = try Support.trained(kind)
      for sampler in samplers {
        var answers: Set<[[UInt32]]> = []
        for device in try Support.devices() {
          model.device = device
          answers.insert(try model.sample(5, from: sampler, fittedTo: images, seed: 3).bits)
        }
        #expect(answers.count == 1 && answers.first?.count == 5, "\(kind) \(sampler)")
        let few = try model.sample(2, from: sampler, fittedTo: images, seed: 3)
        #expect(answers.first.map { Array($0.prefix(2)) } == few.bits)
      }
    }
  }

  @Test("A prior needs no images' codes, and a plain autoencoder has none")
  func prior() throws {
    let images = try Support.images(20)
    let vae = try Support.trained(.vae)
    #expect(try vae.sample(3, from: .prior, fittedTo: images, seed: 1) == vae.sample(3, seed: 1))
    let plain = try Support.trained(.convAutoencoder)
    #expect(throws: TrainingError.self) { try plain.sample(1, from: .prior, fittedTo: images) }
    #expect(throws: TrainingError.self) { try plain.sample(-1, from: .gaussian, fittedTo: images) }
    #expect(throws: TrainingError.self) {
      try plain.sample(1, from: .mixture, fittedTo: images, components: 21)
    }
  }
}
