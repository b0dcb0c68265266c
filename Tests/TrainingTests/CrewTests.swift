import Foundation
import Models
import Programs
import TestSupport
import Testing
import Training

/// Rank 0 leads, the others train with it; here they are threads.
@Suite("Crews", .serialized) struct CrewTests {
  /// Rank 0 leads with `body`, others assist; returns rank 0's result, and the others' exit statuses.
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
    let plain = try [ModelKind.vae, .convAutoencoder].map { try Support.partedConfiguration($0) }
    let expected = try plain.map { try Support.hashes($0) }
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
    let configuration = try Support.partedConfiguration(.vae, ["epochs": "1"])
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
          // Five steps per fold.
          rank == 2
            ? HookedBackend(try Support.backend(), afterSteps: 6) { signal.stop() } : try Support.backend()
        },
        { crew in
          // Its own signal stands in for one that reaches another rank.
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
    let configuration = try Support.partedConfiguration(.vae, ["epochs": "50"])
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
    let configuration = try Support.partedConfiguration(.vae, ["epochs": "1"])
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

  /// A lost device.
  private struct LostBackend: Backend {
    let device = DeviceInfo(identifier: "lost:0", name: "lost", kind: .gpu, driver: "", units: 1)
    func prepare(_ program: Program) throws -> any PreparedProgram {
      throw GroupError("no such device")
    }
  }
}
