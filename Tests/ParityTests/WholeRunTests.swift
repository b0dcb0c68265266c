import Datasets
import Models
import Programs
import TestSupport
import Testing
import Training

/// A run ends with the same bits on every device, also if resumed on another one.
@Suite("Whole runs", .enabled(if: TestDevices.areWanted), .serialized)
struct WholeRunTests {
  /// Two epochs of five steps, on 167 images.
  private func configuration(_ kind: ModelKind) throws -> Configuration {
    var configuration = Configuration(withoutRecipe: kind)
    for (key, value) in [("epochs", "2"), ("batch-size", "37"), ("dropout", "0.1"), ("clip-norm", "0.5")] {
      try configuration.set(key, value)
    }
    return configuration
  }

  private func dataset() throws -> Dataset { try Discs.dataset(train: 185, test: 20) }

  /// The results of every epoch of a finished run.
  private func facts(_ trainer: Trainer) throws -> [String] {
    #expect(try trainer.fit() == .finished)
    return trainer.manifest.epochs.map {
      "epoch \($0.epoch) train \($0.trainLoss) validation \($0.validationLoss!) state \($0.stateSHA256)"
    }
  }

  private func facts(_ configuration: Configuration, on backend: any Backend) throws -> [String] {
    try facts(Trainer(configuration, dataset: dataset(), backend: backend))
  }

  /// Two steps into the second epoch on one device, the rest on another.
  private func facts(_ configuration: Configuration, on first: any Backend, then second: any Backend) throws
    -> [String]
  {
    try inFolder { url in
      let folder = try RunFolder(creating: url)
      let signal = StopSignal()
      let stopping = HookedBackend(first, afterSteps: 7) { signal.stop() }
      let trainer = try Trainer(configuration, dataset: dataset(), backend: stopping, folder: folder)
      trainer.stopSignal = signal
      #expect(try trainer.fit() == .interrupted && Checkpoint(contentsOf: folder.checkpointFile).step == 2)
      return try facts(Trainer(resuming: folder, dataset: dataset(), backend: second))
    }
  }

  @Test("every model, on every device, and begun on one and ended on another", arguments: ModelKind.allCases)
  func devices(_ kind: ModelKind) throws { try expectSame(configuration(kind)) }

  @Test("several samples of binarised images", arguments: [ModelKind.vae, .convVAE])
  func samples(_ kind: ModelKind) throws {
    var configuration = try configuration(kind)
    for (key, value) in [("loss", "iwae"), ("importance-samples", "3"), ("binarise", "dynamic")] {
      try configuration.set(key, value)
    }
    try expectSame(configuration)
  }

  @Test("the estimate of the likelihood, of bits and of gray values")
  func likelihood() throws {
    let trainer = try Trainer(configuration(.vae), dataset: dataset(), backend: cpu(2))
    _ = try trainer.fit(through: 1)
    let weights = Weights(trainer.configuration, try trainer.checkpoint().state)
    func likelihood(_ binarise: Binarisation, on backend: any Backend) throws -> Double {
      try Evaluator(weights, images: dataset().test, backend: backend, binarise: binarise)
        .logLikelihood(samples: 18)
    }
    for binarise in [Binarisation.none, .fixed] {
      let expected = try likelihood(binarise, on: cpu(1))
      #expect(try likelihood(binarise, on: cpu(2)) == expected)
      for device in try TestDevices.openCL() {
        #expect(try likelihood(binarise, on: device) == expected, "\(device.device.name)")
      }
    }
  }

  private func expectSame(_ configuration: Configuration) throws {
    let expected = try facts(configuration, on: cpu(2))
    #expect(expected.count == 2)
    for device in try TestDevices.openCL() {
      #expect(try facts(configuration, on: device) == expected, "\(device.device.name)")
      #expect(try facts(configuration, on: cpu(2), then: device) == expected, "then \(device.device.name)")
      #expect(try facts(configuration, on: device, then: cpu(2)) == expected, "\(device.device.name) first")
    }
  }
}
