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
  /// What a finished training came to at every rank.
  private struct Outcome: Equatable {
    var outcome: TrainingOutcome
    var hashes: [String]
    var losses: [Double]
  }

  private func configuration(_ kind: ModelKind, _ settings: [String: String] = [:]) throws -> Configuration {
    var all = ["shards": "8", "clip-norm": "0.5", "epochs": "2"]
    all.merge(settings) { $1 }
    return try Support.configuration(kind, all)
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
    let configuration = try configuration(kind)
    let expected = try alone(configuration)
    #expect(expected.hashes.count == 2)
    let devices = try [Support.backend(threads: 2), Support.backend()]
    for count in [1, 2, 3, 5, 8] {
      for (rank, outcome) in together(configuration, count, on: devices).enumerated() {
        #expect(try outcome.get() == expected, "\(kind.rawValue), rank \(rank) of \(count)")
      }
    }
  }

  @Test("A batch of fewer parts than shards, and a last batch that leaves some without images")
  func parts() throws {
    // 198 images in batches of 37: parts of 7, the last batch 13.
    let configuration = try configuration(.vae, ["shards": "6", "loss": "iwae", "importance-samples": "2"])
    let expected = try alone(configuration)
    for outcome in together(configuration, 4, on: [try Support.backend()]) {
      #expect(try outcome.get() == expected)
    }
  }

  @Test("Sums of more pieces than may be under way", .enabled(if: TestDevices.areWanted))
  func pieces() throws {
    // 157,000 parameters of a layer of 100: gradients of five pieces.
    let configuration = try configuration(.vae, ["hidden": "100", "epochs": "1", "shards": "3"])
    let expected = try alone(configuration)
    for outcome in together(configuration, 3, on: [try Support.backend()] + (try TestDevices.openCL())) {
      #expect(try outcome.get() == expected)
    }
  }

  @Test("Phases", arguments: ["last-2:1,all:1"])
  func phases(_ trainable: String) throws {
    let configuration = try configuration(.classifier, ["trainable": trainable])
    let expected = try alone(configuration)
    for outcome in together(configuration, 3, on: [try Support.backend()]) {
      #expect(try outcome.get() == expected)
    }
  }

  @Test("Ranks on different devices", .enabled(if: TestDevices.areWanted), arguments: ModelKind.allCases)
  func mixed(_ kind: ModelKind) throws {
    let configuration = try configuration(kind)
    let expected = try alone(configuration)
    for outcome in together(configuration, 3, on: [try Support.backend()] + (try TestDevices.openCL())) {
      #expect(try outcome.get() == expected)
    }
  }

  @Test(
    "A stop at any rank stops all after the same step, with one checkpoint; others resume with the same bits")
  func stop() throws {
    let configuration = try configuration(.denoisingAutoencoder, ["epochs": "3"])
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
      // The rank says so with the step after.
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
    let configuration = try configuration(.vae)
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
    let configuration = try configuration(
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
    let configuration = try configuration(.vae)
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

  /// Rank 0 leads with `body`, others assist; what rank 0 got, and the others' exit statuses.
  private func led<Value: Sendable>(
    _ count: Int, stop: @escaping @Sendable (Int, StopSignal) -> Void = { _, _ in },
    backend: @escaping @Sendable (Int) throws -> any Backend = { _ in try Support.backend() },
    _ body: @escaping @Sendable (Crew) throws -> Value
  ) throws -> (Value, [Int32]) {
    let results = Loopback.run(count) { group -> (Value?, Int32) in
      let crew = Crew(group)
      if group.rank == 0 {
        defer { try? crew.end(7) }
        return (try body(crew), 7)
      }
      let signal = StopSignal()
      stop(group.rank, signal)
      return (nil, try crew.assist(Support.dataset(), on: backend(group.rank), signal))
    }
    return (try results[0].get().0!, try results.dropFirst().map { try $0.get().1 })
  }

  @Test("Rank 0 leads one training after another, in pieces, and then lets the others go")
  func crew() throws {
    let plain = try [ModelKind.vae, .convAutoencoder].map { try configuration($0) }
    let expected = try plain.map { try alone($0).hashes }
    let (hashes, statuses) = try led(3) { crew in
      try plain.map { configuration in
        let trainer = try Trainer(
          configuration, dataset: Support.dataset(), backend: Support.backend(), crew: crew)
        #expect(try trainer.fit(through: 1) == .reached)
        #expect(try trainer.fit() == .finished)
        return trainer.manifest.epochs.map(\.stateSHA256)
      }
    }
    #expect(hashes == expected && statuses == [7, 7])
  }

  @Test("Cross-validation: the figures of one process; a rank's stop ends it, and any number resumes")
  func crossValidation() throws {
    let configuration = try configuration(.vae, ["epochs": "1"])
    @Sendable func validation() throws -> CrossValidation {
      try CrossValidation(configuration, dataset: Support.dataset(), folds: 3)
    }
    let expected = try #require(try validation().run(on: Support.backend()) { _ in })
    try inFolder { url in
      @Sendable func run(_ crew: Crew) throws -> CrossValidation.Result? {
        try validation().run(
          on: Support.backend(), keptIn: CrossValidationFolder(validation(), at: url), crew: crew
        ) { _ in }
      }
      let signal = StopSignal()
      let (stopped, _) = try led(
        3,
        backend: { rank in
          // Five steps a fold.
          rank == 2
            ? HookedBackend(try Support.backend(), afterSteps: 6) { signal.stop() } : try Support.backend()
        },
        { crew in
          // Its own signal stands for one that reaches another rank.
          try validation().run(
            on: Support.backend(), keptIn: CrossValidationFolder(validation(), at: url), crew: crew,
            stopSignal: signal
          ) { _ in }
        })
      #expect(stopped == nil)
      let (result, _) = try led(5, run)
      #expect(result?.folds.map(\.stateSHA256) == expected.folds.map(\.stateSHA256))
      #expect(result?.metrics == expected.metrics)
    }
  }

  @Test("A stop at another rank than 0 stops what rank 0 leads")
  func crewStops() throws {
    let configuration = try configuration(.vae, ["epochs": "50"])
    let (outcome, _) = try led(
      3, stop: { rank, signal in if rank == 1 { signal.stop() } },
      { crew in
        let trainer = try Trainer(
          configuration, dataset: Support.dataset(), backend: Support.backend(), crew: crew)
        let outcome = try trainer.fit()
        return (outcome, trainer.stopSignal.isStopped)
      })
    #expect(outcome.0 == .interrupted && outcome.1)
  }

  @Test("A rank that cannot begin is named, and rank 0 leads on")
  func cannotBegin() throws {
    let configuration = try configuration(.vae, ["epochs": "1"])
    let (errors, _) = try led(3, backend: { try $0 == 2 ? LostBackend() : Support.backend() }) { crew in
      try (0..<2).map { _ in
        let trainer = try Trainer(
          configuration, dataset: Support.dataset(), backend: Support.backend(), crew: crew)
        do { try trainer.prepareCrew() } catch let error as GroupError { return error.description }
        return ""
      }
    }
    #expect(errors == ["rank 2: no such device", "rank 2: no such device"])
  }

  /// A device that is gone.
  private struct LostBackend: Backend {
    let device = DeviceInfo(identifier: "lost:0", name: "lost", kind: .gpu, driver: "", units: 1)
    func prepare(_ program: Program) throws -> any PreparedProgram {
      throw GroupError("no such device")
    }
  }

  @Test(
    "Evaluation: figures, confusion and likelihood of one process", arguments: [ModelKind.vae, .classifier])
  func evaluation(_ kind: ModelKind) throws {
    let configuration = try configuration(kind, ["epochs": "1"])
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
    let outcomes = together(try configuration(.vae, ["shards": "2"]), 3, on: [try Support.backend()])
    for outcome in outcomes {
      #expect(throws: ConfigurationError.self) { try outcome.get() }
    }
  }
}
