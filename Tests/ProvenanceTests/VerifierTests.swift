import Datasets
import Foundation
import Models
import Programs
import Provenance
import Storage
import TestSupport
import Testing
import Training

/// Runs trained again on a correct device, and on a faulty one.
@Suite struct VerifierTests {
  private let place: TemporaryFolder
  private let dataset: Dataset

  init() throws {
    place = try TemporaryFolder()
    dataset = try Blobs.dataset(train: 220, test: 40)
  }

  private func configuration(_ kind: ModelKind, _ settings: [String: String] = [:]) throws -> Configuration {
    var configuration = Configuration(withoutRecipe: kind)
    let small = ["hidden": "6", "latent": "3", "batch-size": "37", "epochs": "3", "keep-checkpoints": "all"]
    for (key, value) in small.merging(settings, uniquingKeysWith: { $1 }) {
      try configuration.set(key, value)
    }
    if kind != .vae { try configuration.set("filters", "4,5,8") }
    return configuration
  }

  private func train(_ kind: ModelKind, _ settings: [String: String] = [:]) throws -> RunFolder {
    let url = place.file("run")
    let trainer = try Trainer(
      configuration(kind, settings), dataset: dataset, backend: cpu(1), folder: RunFolder(creating: url))
    _ = try trainer.fit()
    return try RunFolder(reading: url)
  }

  private func verify(_ folder: RunFolder, _ epochs: ClosedRange<Int>, _ backend: any Backend) throws
    -> Verification
  {
    try #require(
      try Verifier(folder).verify(epochs, dataset: dataset, backend: backend, signal: StopSignal()) { _ in })
  }

  @Test("Every model, on every device", arguments: ModelKind.allCases)
  func reproduced(_ kind: ModelKind) throws {
    let folder = try train(kind, ["dropout": "0.1"])
    for backend in try [cpu(2)] + (TestDevices.areWanted ? TestDevices.openCL() : []) {
      let verification = try verify(folder, 1...3, backend)
      #expect(verification.verdict == .reproduced && verification.epochs == 1...3, "\(verification)")
    }
  }

  /// Six steps per epoch.
  @Test("The first wrong bit: its epoch and its tensor", arguments: [(6, 1), (8, 2), (12, 2), (13, 3)])
  func diverged(_ steps: Int, _ epoch: Int) throws {
    let folder = try train(.convAutoencoder)
    let faulty = HookedBackend(try cpu(1), afterSteps: steps, corrupting: "parameters", place: 0, bit: 0)
    let verification = try verify(folder, 1...3, faulty)
    #expect(verification.verdict == .diverged && verification.epoch == epoch, "\(verification)")
    #expect(verification.epochs == (epoch > 1 ? 1...epoch - 1 : nil))
    #expect(verification.tensor == "encoder.conv1.weight", "\(verification)")
    #expect(verification.reason.contains("in epoch \(epoch): ") && !verification.reason.contains("\n"))
  }

  @Test("From a kept checkpoint on, only what follows is trained")
  func part() throws {
    let folder = try train(.vae)
    // This device fails in its third step: in the first epoch of the whole run, in the last if only that is trained.
    func faulty() throws -> any Backend {
      HookedBackend(try cpu(1), afterSteps: 3, corrupting: "parameters", place: 0, bit: 3)
    }
    #expect(try verify(folder, 1...3, faulty()).epoch == 1)
    #expect(try verify(folder, 3...3, faulty()).epoch == 3)
    #expect(try verify(folder, 3...3, cpu(1)).epochs == 3...3)
  }

  @Test("A number of epochs that was changed on the way is no divergence")
  func stretched() throws {
    let url = place.file("run")
    do {
      let first = try Trainer(
        configuration(.vae, ["schedule": "cosine"]), dataset: dataset, backend: cpu(1),
        folder: RunFolder(creating: url))
      #expect(try first.fit(through: 2) == .reached)
    }
    do {
      let second = try Trainer(
        resuming: RunFolder(resuming: url), dataset: dataset, backend: cpu(1), epochs: 5)
      #expect(try second.fit() == .finished)
    }
    let verification = try verify(RunFolder(reading: url), 1...5, cpu(1))
    #expect(
      verification.verdict == .inconclusive && verification.reason.contains("learning rate"),
      "\(verification)")
    // Epochs after the change can be trained again.
    #expect(try verify(RunFolder(reading: url), 3...5, cpu(1)).verdict == .reproduced)
  }

  @Test("Edited settings that training takes are written in its own form")
  func edited() throws {
    let folder = try train(.vae)
    var text = try String(contentsOf: folder.configurationFile, encoding: .utf8)
    text = "# mine\n" + text.replacingOccurrences(of: "patience: 0", with: "patience:   7")
    try Data(text.utf8).write(to: folder.configurationFile)
    #expect(throws: TrainingError.self) { try Verifier(folder) }
    do {
      let trainer = try Trainer(resuming: RunFolder(resuming: folder.url), dataset: dataset, backend: cpu(1))
      #expect(try trainer.fit() == .finished)
    }
    #expect(try verify(folder, 1...3, cpu(1)).verdict == .reproduced)
  }

  @Test("A run killed between two files of an epoch was not tampered with")
  func killed() throws {
    struct Lost: Error {}
    let url = place.file("run")
    do {
      let lost = HookedBackend(try cpu(1), afterSteps: 14) { throw Lost() }
      let trainer = try Trainer(
        configuration(.vae), dataset: dataset, backend: lost, folder: RunFolder(creating: url))
      #expect(throws: Lost.self) { try trainer.fit() }
    }
    let folder = try RunFolder(reading: url)
    let rows = try String(contentsOf: folder.metricsFile, encoding: .utf8).split(separator: "\n")
    try #require(rows.count == 3)
    try Data((rows.dropLast().joined(separator: "\n") + "\n").utf8).write(to: folder.metricsFile)
    #expect(try verify(folder, 1...2, cpu(1)).verdict == .reproduced)
  }

  @Test("Another version of the contract is an obstacle, and no one's doing")
  func contract() throws {
    let folder = try train(.vae, ["epochs": "1"])
    #expect(try Verifier(folder).obstacle == nil)
    let text = try String(contentsOf: folder.manifestFile, encoding: .utf8)
    let contract = "\"numerics_contract\" : \(try folder.manifest().numericsContract)"
    let other = text.replacingOccurrences(of: contract, with: "\"numerics_contract\" : 99")
    try #require(other != text)
    try JSONDecoder().decode(Manifest.self, from: Data(other.utf8)).json().write(to: folder.manifestFile)
    #expect(try Verifier(folder).obstacle?.contains("version 99") == true)
  }

  @Test("An epoch that differs in a metric alone names the metric, and whose value is which")
  func metric() throws {
    func record(_ accuracy: Double) throws -> EpochRecord {
      let text = """
        {"epoch": 1, "train_loss": 2, "train_metrics": {"accuracy": \(accuracy)}, "validation_metrics": {},
        "learning_rate": 0.1, "seconds": 1, "images_per_second": 1, "state_sha256": "a", "device": "cpu"}
        """
      return try JSONDecoder().decode(EpochRecord.self, from: Data(text.utf8))
    }
    #expect(try record(0.5).difference(from: record(0.5)) == nil)
    #expect(
      try record(0.5).difference(from: record(0.25), called: "the second run")
        == "the training metric accuracy is 0.5, and the second run has 0.25")
  }
}
