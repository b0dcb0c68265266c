import Facsimile
import Foundation
import TestSupport
import Testing

/// The code of the article "Train on your own images", line for line.
@Suite("The article's code")
struct ArticleTests {
  @Test("It does what the article says")
  func article() async throws {
    let temporary = try TemporaryFolder()
    let (folder, file, picture) = (
      temporary.file("run"), temporary.file("weights.safetensors"), temporary.file("new.png")
    )
    let pixels = Discs.pixels(50, shape: .init(channels: 3, height: 32, width: 32))
    let numbers = pixels.prefix(4 * 3 * 32 * 32).map { Float($0) / 255 }
    let classes: [UInt8] = [0, 1, 2, 3]
    func print(_: Any...) {}

    let images = try Images(bytes: pixels, shape: MapShape(3, 32, 32))
    let others = try Images(floats: numbers, shape: MapShape(3, 32, 32), labels: classes)

    var configuration = Configuration(.convVAE)
    configuration.latent = 4
    configuration.epochs = 2
    configuration.batchSize = 16
    try configuration.set("learning-rate", "0.002")
    // In a function of its own, so that the folder is released after it.
    let model = try await {
      let run = try TrainingRun(configuration, images, device: Device("cpu"), folder: folder)
      for try await event in run.events() {
        switch event {
        case .progress(let progress): print(progress.step, progress.loss)
        case .epoch(let record, let isBest): print(record.epoch, record.trainLoss, isBest)
        case .phase, .finished: break
        }
      }
      let model = try run.model()
      return model
    }()

    let again = try TrainingRun(resuming: folder, images, device: Device("cpu", threads: 1))
    try again.fit()

    let codes = try model.encode(others)
    let made = try model.decode(codes)
    let new = try model.sample(10, seed: 1)
    let losses = try model.losses(of: others)
    try Picture(values: new[0], shape: model.configuration.imageShape).write(to: picture)

    try model.save(to: file)
    var copy = try TrainedModel(contentsOf: file, device: Device("cpu"))
    try copy.take(model.parameters.filter { $0.name.hasPrefix("decoder.") })

    let architecture = Architecture(
      input: MapShape(3, 32, 32),
      encoder: [
        .conv2D("encoder.conv1", outputs: 8, kernel: 3, stride: 2, padding: 1, activation: .relu),
        .flatten("encoder.flatten"),
        .linear("encoder.fc1", outputs: 6),
      ],
      decoder: [
        .linear("decoder.fc1", outputs: 8 * 16 * 16, activation: .relu),
        .unflatten("decoder.unflatten", to: MapShape(8, 16, 16)),
        .convTranspose2D(
          "decoder.convt1", outputs: 3, kernel: 3, stride: 2, padding: 1, outputPadding: OutputPadding(1),
          activation: .sigmoid),
      ])
    var own = Configuration(architecture, loss: .meanSquaredError)
    own.epochs = 1
    let custom = try TrainingRun(own, images, device: Device("cpu"))
    try custom.fit()

    #expect(again.epochs.count == 2 && made.count == 4 && new.count == 10 && losses.count == 4)
    #expect(copy.parameters == model.parameters && custom.epochs.count == 1)
  }

  @Test("Every line of the article's code is compiled here")
  func lines() throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let article = tests.appendingPathComponent(
      "../../Sources/Facsimile/Facsimile.docc/TrainOnYourOwnImages.md")
    func lines(_ url: URL) throws -> [String] {
      try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map {
        $0.trimmingCharacters(in: .whitespaces)
      }
    }
    let compiled = Set(try lines(URL(fileURLWithPath: #filePath)))
    var (isCode, count) = (false, 0)
    for line in try lines(article) {
      if line.hasPrefix("```") {
        isCode = line == "```swift" && !isCode
      } else if isCode {
        #expect(compiled.contains(line), "\(line)")
        count += 1
      }
    }
    #expect(count > 30)
  }
}
