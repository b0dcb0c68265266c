import Datasets
import Foundation
import Models
import Programs
import Storage
import Synchronization
import TestSupport
import Testing
import Training

/// Several ranks train one model; here they are threads.
@Suite("Groups", .serialized) struct GroupTests {
  /// The result of a finished training at every rank.
  private struct Outcome: Equatable {
    var outcome: TrainingOutcome
    var hashes: [String]
    var losses: [Double]
  }

  private static func outcome(_ trainer: Trainer) throws -> Outcome {
    let outcome = try trainer.fit()
    let epochs = trainer.manifest.epochs
    return Outcome(
      outcome: outcome, hashes: epochs.map(\.stateSHA256),
      losses: epochs.flatMap { [$0.trainLoss, $0.validationLoss ?? 0] })
  }

  private func alone(_ configuration: Configuration) throws -> Outcome {
    try Self.outcome(Trainer(configuration, dataset: Support.dataset(), backend: Support.backend()))
  }

  /// Trains alone, and at each number of ranks, on `devices` in turn (nil: one thread of the CPU).
  private func expectSame(
    _ configuration: Configuration, ranks counts: Int..., on devices: [any Backend]? = nil
  ) throws {
    let expected = try alone(configuration)
    #expect(expected.hashes.count == configuration.totalEpochs)
    let devices = try devices ?? [Support.backend()]
    for count in counts {
      for (rank, outcome) in together(configuration, count, on: devices).enumerated() {
        #expect(try outcome.get() == expected, "\(configuration.model.rawValue), rank \(rank) of \(count)")
      }
    }
  }

  /// Trains at `count` ranks, on `devices` in turn.
  private func together(
    _ configuration: Configuration, _ count: Int, on devices: [any Backend], folder: URL? = nil,
    start: Checkpoint? = nil, stop: (@Sendable (Int, Trainer) -> Void)? = nil
  ) -> [Result<Outcome, any Error>] {
    Loopback.run(count) { group in
      let backend = devices[group.rank % devices.count]
      let trainer = try Trainer(
        configuration, dataset: Support.dataset(), backend: backend,
        folder: group.rank == 0 ? folder.map { try RunFolder(creating: $0) } : nil,
        start: start.map { .checkpoint($0) } ?? .initial, group: group)
      stop?(group.rank, trainer)
      return try Self.outcome(trainer)
    }
  }

  @Test("All ranks end with the bits of one process, whatever their number", arguments: ModelKind.allCases)
  func same(_ kind: ModelKind) throws {
    let devices = try [Support.backend(threads: 2), Support.backend()]
    try expectSame(Support.partedConfiguration(kind), ranks: 1, 2, 3, 5, 8, on: devices)
  }

  @Test("A batch of fewer parts than shards, and a last batch that leaves some without images")
  func parts() throws {
    // 198 images in batches of 37: parts of 7, the last batch 13.
    try expectSame(
      Support.partedConfiguration(.vae, ["shards": "6", "loss": "iwae", "importance-samples": "2"]), ranks: 4)
  }

  @Test("Sums of more pieces than may be under way", .enabled(if: TestDevices.areWanted))
  func pieces() throws {
    // 157,000 parameters of a layer of 100: gradients of five pieces.
    try expectSame(
      Support.partedConfiguration(.vae, ["hidden": "100", "epochs": "1", "shards": "3"]), ranks: 3,
      on: [Support.backend()] + TestDevices.openCL())
  }

  @Test("Phases")
  func phases() throws {
    try expectSame(Support.partedConfiguration(.classifier, ["trainable": "last-2:1,all:1"]), ranks: 3)
  }

  @Test("Ranks on different devices", .enabled(if: TestDevices.areWanted), arguments: ModelKind.allCases)
  func mixed(_ kind: ModelKind) throws {
    try expectSame(
      Support.partedConfiguration(kind), ranks: 3, on: [Support.backend()] + TestDevices.openCL())
  }

  @Test(
    "A stop at any rank stops all after the same step, with one checkpoint; others resume with the same bits")
  func stop() throws {
    let configuration = try Support.partedConfiguration(.denoisingAutoencoder, ["epochs": "3"])
    let expected = try alone(configuration)
    try inFolder { url in
      let place = url.appendingPathComponent("run")
      let signal = StopSignal()
      let hooked = HookedBackend(try Support.backend(), afterSteps: 8) { signal.stop() }
      let outcomes = together(
        configuration, 3, on: [try Support.backend(), hooked, try Support.backend()], folder: place
      ) { rank, trainer in if rank == 1 { trainer.stopSignal = signal } }
      #expect(try outcomes.map { try $0.get().outcome } == [.interrupted, .interrupted, .interrupted])
      let folder = try RunFolder(reading: place)
      let checkpoint = try Checkpoint(contentsOf: folder.checkpointFile)
      // The rank reports it with the next step.
      #expect(checkpoint.epoch == 1 && checkpoint.step == 3)

      let results = Loopback.run(5) { group in
        let trainer =
          group.rank == 0
          ? try Trainer(
            resuming: RunFolder(resuming: place), dataset: Support.dataset(), backend: Support.backend(),
            group: group)
          : try Trainer(
            configuration, dataset: Support.dataset(), backend: Support.backend(),
            start: .checkpoint(checkpoint), group: group)
        _ = try trainer.fit()
        return trainer.manifest.epochs.map(\.stateSHA256)
      }
      #expect(try results[0].get() == expected.hashes)
      #expect(try results.dropFirst().allSatisfy { try $0.get() == Array(expected.hashes.dropFirst()) })
    }
  }

  @Test("A rank that differs ends the run after the epoch, and is named with the first tensor")
  func difference() throws {
    let configuration = try Support.partedConfiguration(.vae)
    try inFolder { url in
      let wrong = HookedBackend(
        try Support.backend(), afterSteps: 2, corrupting: "parameters", place: 0, bit: 3)
      let outcomes = together(
        configuration, 3, on: [try Support.backend(), wrong, try Support.backend()],
        folder: url.appendingPathComponent("run"))
      for outcome in outcomes {
        guard case .failure(let error as GroupError) = outcome else {
          Issue.record("no error")
          continue
        }
        #expect(error.description.contains("rank 1 (flip:0) has another state than rank 0 (cpu) and most"))
        #expect(error.description.contains("the first tensor that differs is encoder.fc1.weight"))
      }
      let folder = try RunFolder(reading: url.appendingPathComponent("run"))
      #expect(try Checkpoint(contentsOf: folder.checkpointFile).epoch == 0)
    }
  }

  @Test("A value that is not finite ends all ranks alike")
  func notFinite() throws {
    let configuration = try Support.partedConfiguration(
      .vae, ["learning-rate": "100", "optimizer": "sgd", "clip-norm": "0", "epochs": "9"])
    let outcomes = together(configuration, 3, on: [try Support.backend()])
    let errors = outcomes.map { outcome in
      if case .failure(let error as TrainingError) = outcome {
        "\(error.kind) \(error)"
      } else {
        "\(outcome)"
      }
    }
    #expect(Set(errors).count == 1 && errors[0].hasPrefix("notFinite"), "\(errors)")
  }

  @Test("If rank 0 cannot write, all ranks end")
  func disk() throws {
    let configuration = try Support.partedConfiguration(.vae)
    try inFolder { url in
      let place = url.appendingPathComponent("run")
      let hooked = HookedBackend(try Support.backend(), afterSteps: 2) {
        try FileManager.default.removeItem(at: place)
      }
      let outcomes = together(
        configuration, 2, on: [hooked, try Support.backend()], folder: place)
      for (outcome, text) in zip(outcomes, ["No such file", "rank 0 could not write"]) {
        guard case .failure(let error as GroupError) = outcome else {
          Issue.record("no error")
          continue
        }
        #expect(error.description.contains(text), "\(error)")
      }
    }
  }

  @Test(
    "Evaluation: figures, confusion and likelihood of one process", arguments: [ModelKind.vae, .classifier])
  func evaluation(_ kind: ModelKind) throws {
    let configuration = try Support.partedConfiguration(kind, ["epochs": "1"])
    let trainer = try Trainer(configuration, dataset: Support.dataset(), backend: Support.backend())
    _ = try trainer.fit()
    let weights = Weights(trainer.configuration, try trainer.checkpoint().state)
    // Three batches.
    let images = try Blobs.images(600)
    @Sendable func evaluate(_ group: (any Collective)?) throws -> (Evaluation, Double) {
      let evaluator = try Evaluator(weights, images: images, backend: Support.backend(), group: group)
      return (try evaluator.evaluate(), kind == .vae ? try evaluator.logLikelihood(samples: 3) : 0)
    }
    let expected = try evaluate(nil)
    for count in [2, 3, 5] {
      for result in Loopback.run(count, { try evaluate($0) }) {
        let result = try result.get()
        #expect(result.0 == expected.0 && result.1 == expected.1)
      }
    }
  }

  @Test("More ranks than parts are refused")
  func tooMany() throws {
    let outcomes = together(
      try Support.partedConfiguration(.vae, ["shards": "2"]), 3, on: [try Support.backend()])
    for outcome in outcomes {
      #expect(throws: ConfigurationError.self) { try outcome.get() }
    }
  }
}
