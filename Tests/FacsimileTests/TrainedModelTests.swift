import Facsimile
import Foundation
import TestSupport
import Testing

@Suite("Trained models through the library")
struct TrainedModelTests {
  @Test("Every answer has the same bits on every device")
  func devices() throws {
    let images = try Support.images(30, first: 200)
    for kind in [ModelKind.convAutoencoder, .denoisingAutoencoder, .vae, .convVAE, .classifier] {
      var model = try Support.trained(kind)
      var answers: Set<[[[UInt32]]]> = []
      for device in try Support.devices() {
        model.device = device
        let codes = try model.encode(images)
        #expect(codes.count == 30 && codes.allSatisfy { $0.count == 3 })
        var found = [codes.bits, [try model.losses(of: images)].bits]
        if kind == .classifier {
          found.append(try model.classify(images).map(\.probabilities).bits)
        } else {
          let made = try model.decode(codes)
          let isInRange = made.allSatisfy { $0.count == 784 && $0.allSatisfy { (0...1).contains($0) } }
          #expect(made.count == 30 && isInRange)
          #expect(try made.bits == model.reconstruct(images).bits)
          found.append(made.bits)
        }
        if kind == .vae || kind == .convVAE { found.append(try model.sample(5, seed: 3).bits) }
        answers.insert(found)
      }
      #expect(answers.count == 1, "\(kind)")
    }
  }

  @Test("An image's answers do not depend on the images beside it")
  func alone() throws {
    let (model, images) = (try Support.trained(.convVAE), try Support.images(9))
    let one = images.prefix(1)
    #expect(try model.losses(of: one) == [model.losses(of: images)[0]])
    #expect(try model.encode(one) == [model.encode(images)[0]])
    #expect(try model.sample(2, seed: 5) == Array(model.sample(7, seed: 5).prefix(2)))
    #expect(try model.sample(2, seed: 5) != model.sample(2, seed: 6))
    #expect(try model.sample(0).isEmpty && model.decode([]).isEmpty)
  }

  @Test("Samples are decoded from normal numbers")
  func prior() throws {
    // A decoder that returns its code, so that the samples can be seen.
    let architecture = Architecture(
      input: MapShape(1, 8, 8),
      encoder: [.flatten("encoder.flatten"), .posterior("encoder", latent: 64)],
      decoder: [.linear("decoder.fc1", outputs: 64), .unflatten("decoder.unflatten", to: MapShape(1, 8, 8))])
    var model = try TrainedModel(Configuration(architecture, loss: .meanSquaredError), device: Support.cpu())
    try model.take([
      Tensor(
        name: "decoder.fc1.weight", shape: [64, 64], values: (0..<4096).map { $0 / 64 == $0 % 64 ? 1 : 0 }),
      Tensor(name: "decoder.fc1.bias", shape: [64], values: [Float](repeating: 0, count: 64)),
    ])
    let values = try model.sample(200, seed: 9).flatMap { $0 }.map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    #expect(abs(mean) < 0.03 && abs(variance - 1) < 0.05)
    #expect(values.map(abs).max()! > 3 && Set(values).count > 12_000)
  }

  @Test("Losses of single images are those that evaluation takes the mean of")
  func losses() throws {
    let images = try Support.images(40)
    for kind in [ModelKind.convAutoencoder, .classifier] {
      let model = try Support.trained(kind)
      let losses = try model.losses(of: images).map(Double.init)
      let mean = losses.reduce(0, +) / Double(losses.count)
      let loss = try #require(try model.evaluate(images).metrics["loss"])
      #expect(abs(mean - loss) < 1e-5 * loss)
    }
    let model = try Support.trained(.convAutoencoder)
    let pixels = images.bytes.prefix(784).map { Float($0) / 255 }
    let squares = zip(try model.reconstruct(images)[0], pixels).map { ($0 - $1) * ($0 - $1) }
    #expect(abs(try model.losses(of: images)[0] - squares.reduce(0, +) / 784) < 1e-6)
  }

  @Test("A classifier gives probabilities, and the likeliest class")
  func classify() throws {
    let (model, images) = (try Support.trained(.classifier, epochs: 12), try Support.images(60, first: 300))
    let found = try model.classify(images)
    for one in found {
      #expect(abs(one.probabilities.reduce(0, +) - 1) < 1e-5 && one.probabilities.count == 10)
      #expect(one.probabilities[one.label] == one.probabilities.max())
    }
    let right = zip(found, images.labels!).filter { $0.label == Int($1) }.count
    #expect(try model.evaluate(images).metrics["accuracy"] == Double(right) / 60)
    #expect(right > 30)
    // Classifying images needs no labels.
    #expect(try model.classify(Support.images(60, first: 300, labelled: false)) == found)
  }

  @Test("Weights go out and come in, as a file and as arrays")
  func weights() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("weights.safetensors")
    let (model, images) = (try Support.trained(.vae), try Support.images(4))
    try model.save(to: file)
    let read = try TrainedModel(contentsOf: file, device: Support.cpu(2))
    #expect(read.parameters == model.parameters && read.configuration == model.configuration)
    #expect(read.epoch == model.epoch && read.epoch > 0)
    var other = try TrainedModel(model.configuration, device: Support.cpu())
    #expect(other.parameters != model.parameters)
    try other.take(model.parameters)
    #expect(try other.encode(images) == model.encode(images))
    #expect(
      model.parameters.first?.name == "encoder.fc1.weight" && model.parameters.first?.shape == [16, 784])

    let bias = model.parameters[1]
    for wrong in [
      Tensor(name: "encoder.fc9.bias", shape: bias.shape, values: bias.values),
      Tensor(name: bias.name, shape: [4, 4], values: bias.values),
      Tensor(name: bias.name, shape: bias.shape, values: [1]),
      Tensor(name: bias.name, shape: bias.shape, values: [Float](repeating: .nan, count: 16)),
    ] {
      #expect(throws: TrainingError.self) { try other.take([model.parameters[0], wrong]) }
      #expect(other.parameters == model.parameters)
    }
  }

  @Test("Custom layers train on colour images, are saved and read")
  func custom() throws {
    let folder = try TemporaryFolder()
    let (file, place) = (folder.file("weights.safetensors"), folder.file("run"))
    var configuration = Configuration(Support.architecture(), loss: .meanSquaredError)
    (configuration.epochs, configuration.batchSize) = (2, 20)
    let images = try Support.colourImages(60)
    let run = try TrainingRun(
      configuration, images, test: images.prefix(5), device: Support.cpu(), folder: place)
    try run.fit()
    let model = try run.model()
    #expect(try model.reconstruct(images)[0].count == 3 * 16 * 12)
    #expect(try model.decode(model.encode(images)).bits == model.reconstruct(images).bits)
    try model.save(to: file)
    #expect(throws: TrainingError.self) { try TrainedModel(contentsOf: file, device: Support.cpu()) }
    #expect(
      try TrainedModel(contentsOf: file, configuration, device: Support.cpu()).parameters == model.parameters)
    let again = try TrainedModel(run: place, device: Support.cpu(), architecture: Support.architecture())
    #expect(again.parameters == model.parameters)
    let picture = folder.file("made.png")
    try Picture(values: try model.reconstruct(images)[0], shape: images.shape).write(to: picture)
    #expect(try Picture(contentsOf: picture).channels == 3)
  }

  @Test("Unsupported requests are refused with one line")
  func refused() throws {
    let images = try Support.images(3)
    let (autoencoder, classifier) = (try Support.trained(.convAutoencoder), try Support.trained(.classifier))
    let colour = try Support.colourImages(3)
    let sampling = #expect(throws: TrainingError.self) { try autoencoder.sample(3) }
    #expect(sampling?.description.contains("conv-autoencoder cannot be sampled") == true)
    #expect(throws: TrainingError.self) { try autoencoder.classify(images) }
    #expect(throws: TrainingError.self) { try classifier.decode([[0, 0, 0]]) }
    #expect(throws: TrainingError.self) { try classifier.reconstruct(images) }
    #expect(throws: TrainingError.self) { try classifier.losses(of: Support.images(3, labelled: false)) }
    #expect(throws: TrainingError.self) { try autoencoder.encode(colour) }
    #expect(throws: TrainingError.self) { try autoencoder.reconstruct(images, noise: -1) }
    #expect(throws: ProgramError.self) { try autoencoder.decode([[0, 0]]) }
    #expect(throws: TrainingError.self) { try Support.trained(.vae).sample(-1) }
  }

  @Test("Noise on the input is the caller's to ask for")
  func noise() throws {
    let (model, images) = (try Support.trained(.denoisingAutoencoder), try Support.images(3))
    #expect(try model.reconstruct(images) == model.decode(model.encode(images)))
    #expect(try model.reconstruct(images, noise: 0.5) != model.reconstruct(images))
  }
}
