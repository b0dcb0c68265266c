import Foundation
import Models
import Programs
import TestSupport
import Testing
import Training

/// Custom layers train, stop and resume like the other models.
@Suite struct CustomModelTests {
  private static let layers = Architecture.mirror(code: 6)

  /// Three epochs of six steps on 198 images.
  private static func configuration() throws -> Configuration {
    var configuration = Configuration(layers, loss: .meanSquaredError)
    for (key, value) in [("batch-size", "37"), ("epochs", "3"), ("learning-rate", "0.005"), ("seed", "7")] {
      try configuration.set(key, value)
    }
    return configuration
  }

  /// The hashes of an uninterrupted run, on the CPU with one thread.
  private static let straight = Result {
    let trainer = try Trainer(configuration(), dataset: Support.dataset(), backend: Support.backend())
    #expect(try trainer.fit() == .finished)
    #expect(trainer.manifest.epochs[2].trainLoss < 0.9 * trainer.manifest.epochs[0].trainLoss)
    return trainer.manifest.epochs.map(\.stateSHA256)
  }

  @Test("it trains, stops in an epoch and resumes, with the same bits on every device", arguments: devices)
  func resume(_ device: Device) throws {
    let backend = try device.backend()
    let hashes = try inFolder { url in
      try Self.begin(in: url, on: backend)
      #expect(
        try Checkpoint(contentsOf: RunFolder(reading: url).checkpointFile, architecture: Self.layers).step
          == 2)
      let trainer = try Trainer(
        resuming: RunFolder(resuming: url), dataset: Support.dataset(), backend: backend,
        architecture: Self.layers)
      #expect(trainer.epoch == 1)
      #expect(try trainer.fit() == .finished)
      let folder = try RunFolder(reading: url)
      #expect(try Weights(run: folder, .last, architecture: Self.layers).epoch == 3)
      return try folder.manifest(architecture: Self.layers).epochs.map(\.stateSHA256)
    }
    let straight = try Self.straight.get()
    #expect(hashes == straight && Set(straight).count == 3)
  }

  /// Trains until the second step of the second epoch is done.
  private static func begin(in url: URL, on backend: any Backend) throws {
    let signal = StopSignal()
    let trainer = try Trainer(
      configuration(), dataset: Support.dataset(),
      backend: HookedBackend(backend, afterSteps: 8) { signal.stop() }, folder: RunFolder(creating: url))
    trainer.stopSignal = signal
    #expect(try trainer.fit() == .interrupted)
  }

  @Test("a run resumes with its own layers only, and loses nothing where others are given")
  func otherLayers() throws {
    try inFolder { url in
      try Self.begin(in: url, on: Support.backend())
      let before = try Self.files(url)
      for (layers, text) in [
        (Architecture.mirror(code: 5), "expected the architecture that the program gives"),
        (nil, "a custom model is trained by the program that made its layers"),
      ] {
        let folder = try RunFolder(resuming: url)
        let error = #expect(throws: TrainingError.self) {
          try Trainer(
            resuming: folder, dataset: Support.dataset(), backend: Support.backend(), architecture: layers)
        }
        let line = try #require(error?.description)
        #expect(line.contains(text) && line.contains("config.yaml") && !line.contains("\n"), "\(line)")
        let other = #expect(throws: TrainingError.self) { try folder.manifest(architecture: layers) }
        #expect(other?.description.contains(text) == true, "\(other?.description ?? "no error")")
      }
      #expect(try Self.files(url) == before)
    }
  }

  @Test(
    "config.yaml holds layers of any name",
    arguments: ["a: b", "a #1", "'a", "\"a\"\n- b", "{a", "é\u{1F}\\/"])
  func names(_ name: String) throws {
    let layers = Architecture(
      input: MapShape(1, 8, 8), encoder: [.flatten(name), .linear("code", outputs: 3)],
      decoder: [.linear("out", outputs: 64), .unflatten("map", to: MapShape(1, 8, 8))])
    let configuration = Configuration(layers, loss: .meanSquaredError)
    let pairs = try ConfigurationFile.pairs(ConfigurationFile.text(configuration))
    #expect(pairs.first { $0.key == "architecture" }?.value == layers.description)
  }

  /// The contents of a run's files, by path.
  private static func files(_ url: URL) throws -> [String: Data] {
    let folder = try RunFolder(reading: url)
    return try [folder.configurationFile, folder.manifestFile, folder.checkpointFile, folder.bestFile]
      .reduce(into: [:]) { $0[$1.path] = try Data(contentsOf: $1) }
  }

  /// A device that a test opens.
  struct Device: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let backend: @Sendable () throws -> any Backend
  }

  /// The CPU with one thread and with two, and every OpenCL device.
  private static let devices =
    [
      Device(testDescription: "cpu, 1 thread") { try cpu(1) }
    ] + TestDevice.all.map { device in Device(testDescription: device.description) { try device.backend } }
}
