import Datasets
import Foundation
import Models
import Numerics
import Programs
import Storage
import Synchronization
import Training

/// An event of a search.
package enum SearchEvent: Sendable {
  /// A trial starts.
  case began(Trial)
  /// An epoch of a trial is completed.
  case epoch(Trial, EpochRecord)
  /// A trial is completed, failed or stopped.
  case ended(Trial)
  /// A new rung: the best `trials` trials continue to the end of epoch `epochs`.
  case rung(Int, trials: Int, epochs: Int)
  /// Progress of the rung over all workers; only if others train some of its trials.
  case standing(Standing)
  /// A trial was lost: its lease had expired, and another worker has it.
  case lost(Trial)
  /// A line for people: the server is unreachable, or back.
  case notice(String)
}

/// Progress of a rung, or of a search without rungs.
package struct Standing: Hashable, Sendable {
  /// Trials that are done or have failed.
  package let ended: Int
  /// All trials.
  package let trials: Int
}

/// Trains the trials of a space, sequentially or in parallel, and stores each in its storage.
///
/// Determinism: trials share nothing but the data, and survivors are chosen when a rung is complete. So the table
/// does not depend on how many train in parallel, on devices, or on how often the search was stopped or killed.
package final class Search: Sendable {
  /// Why ``run(on:stopSignal:report:)`` returned.
  package enum Outcome: Hashable, Sendable {
    /// Every trial is done, or failed.
    case finished
    /// The stop signal was given; the search can be resumed.
    case interrupted
  }

  /// What is searched.
  package let space: SearchSpace
  /// The images.
  package let dataset: Dataset
  private let store: any TrialStore
  private let supply: TrialSupply
  /// Epochs of a trial; the same for all if there are rungs.
  private let epochs: Int

  /// Starts or resumes a search of one process.
  ///
  /// - Parameter storage: the SQLite file; beside it, in a folder of its name with `.runs`, are the checkpoints of
  ///   trials under way. Both are locked for as long as this object lives.
  /// - Parameter patience: seconds to wait for others who hold the storage.
  /// - Throws: `SearchError`, `ConfigurationError`; `TrainingError` if a classifier's labels are missing.
  package convenience init(
    _ space: SearchSpace, dataset: Dataset, storage: URL, patience: Double = 30
  ) throws {
    try self.init(space, dataset) { try SQLiteTrialStore(storage, space, dataset, patience: patience) }
  }

  /// Starts, resumes or joins a search of any number of processes, on any machines.
  ///
  /// - Parameters:
  ///   - server: the database, which holds one search.
  ///   - runs: the beginning of the path of the folder with checkpoints of unfinished trials. Workers that share it
  ///     share checkpoints; others train a trial that they take over from the start, with the same bits.
  ///   - lease: seconds until a trial whose worker is silent is given to another.
  ///   - patience: seconds to wait for an unreachable server; at first 30 at most.
  ///   - notify: called with a line when the server is unreachable or back before training begins.
  /// - Throws: as for one process.
  package convenience init(
    _ space: SearchSpace, dataset: Dataset, server: PostgreSQLAddress, runs: URL, lease: Double = 60,
    patience: Double = 600, notify: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    try self.init(space, dataset) {
      try PostgreSQLTrialStore(
        server, space, dataset, runs: runs, lease: lease, patience: patience, notify: notify)
    }
  }

  private init(_ space: SearchSpace, _ dataset: Dataset, _ open: () throws -> any TrialStore) throws {
    if space.base.classifies, dataset.train.labels == nil {
      throw TrainingError(.data, "\(dataset.name) has no labels: a classifier needs them in every trial")
    }
    // Impossible searches are refused before a file is created.
    let supply = try TrialSupply(space, images: dataset.train.count)
    self.dataset = dataset
    store = try open()
    self.space = store.space
    epochs = supply.epochs
    self.supply =
      store.space.isDrawn == space.isDrawn
      ? supply : try TrialSupply(store.space, images: dataset.train.count)
    try self.supply.begin(store)
  }

  /// The path of the file, symbolic links resolved, or the database's address.
  package var storage: String { store.name }

  /// The trials in the storage, by number: all, or if there are very many, those reached so far and some more.
  ///
  /// - Throws: the database's error.
  package func trials() throws -> [Trial] { try store.trials(nil) }

  /// Trains the remaining trials, as many in parallel as there are backends.
  ///
  /// - Parameters:
  ///   - backends: one device for each trial trained in parallel.
  ///   - crew: the other processes that train with this one, if there is one backend; nil: none.
  ///   - stopSignal: stops the search; trials finish their step and write a checkpoint.
  ///   - report: called for every event, on the training threads.
  /// - Throws: an error that concerns the whole search; the trials stay as they are, and can be resumed.
  package func run(
    on backends: [any Backend], crew: Crew? = nil, stopSignal: StopSignal = StopSignal(),
    report: @escaping @Sendable (SearchEvent) -> Void = { _ in }
  ) throws -> Outcome {
    precondition(!backends.isEmpty, "a search needs a device")
    precondition(crew == nil || backends.count == 1, "a crew trains one model at a time")
    try store.begin(stopSignal) { report(.notice($0)) }
    defer { store.end() }
    guard space.strategy == .halving else {
      guard try runWaiting(on: backends, crew, nil, stopSignal, report) else { return .interrupted }
      try store.removeRuns(finished: true)
      return .finished
    }
    let rungs = Rungs(trials: space.trials, epochs: epochs, eta: space.eta)
    while true {
      try store.removeRuns(finished: false)
      let rung = try store.rung()
      guard try runWaiting(on: backends, crew, rungs, stopSignal, report) else { return .interrupted }
      let next = rung + 1
      guard next < rungs.trials.count else { break }
      let survivors = try store.promote(rungs.trials[next], from: rung)
      guard survivors > 0 else { break }
      report(.rung(next, trials: survivors, epochs: rungs.epochs[next]))
    }
    try store.removeRuns(finished: true)
    return .finished
  }

  /// Trains all waiting trials, to the end of their rung; false if it was stopped.
  private func runWaiting(
    on backends: [any Backend], _ crew: Crew?, _ rungs: Rungs?, _ stopSignal: StopSignal,
    _ report: @escaping @Sendable (SearchEvent) -> Void
  ) throws -> Bool {
    let problem = FirstError()
    // Dedicated threads: there may be more jobs than threads of a dispatch queue. None retains the search, which may be
    // released, and its lock with it, as soon as all are done.
    let group = DispatchGroup()
    for backend in backends {
      group.enter()
      Thread { [unowned(unsafe) self] in
        defer { group.leave() }
        ArithmeticMode.establish()
        do {
          try work(on: backend, crew, rungs, stopSignal, until: { problem.error != nil }, report)
        } catch {
          problem.note(error)
        }
      }.start()
    }
    group.wait()
    if let error = problem.error { throw error }
    return try !stopSignal.isStopped || store.isComplete()
  }

  /// Claims and trains one trial after another; if others train the last ones, waits for their results.
  private func work(
    on backend: any Backend, _ crew: Crew?, _ rungs: Rungs?, _ stopSignal: StopSignal,
    until isOver: () -> Bool,
    _ report: @escaping @Sendable (SearchEvent) -> Void
  ) throws {
    var pause = Self.shortestPause
    while !stopSignal.isStopped, !isOver() {
      try supply.fill(store)
      let loss = StopSignal(following: stopSignal)
      switch try store.claim(loss) {
      case .none: return
      case .later:
        if let standing = try store.standing() { report(.standing(standing)) }
        Thread.sleep(forTimeInterval: pause)
        pause = min(2 * pause, Self.longestPause)
      case .trial(let trial):
        pause = Self.shortestPause
        try run(trial, on: backend, crew, through: rungs?.epochs[trial.rung], loss, report)
      }
    }
  }

  /// Seconds between polls for another trial.
  private static let (shortestPause, longestPause) = (0.05, 1.6)

  private func run(
    _ trial: Trial, on backend: any Backend, _ crew: Crew?, through last: Int?, _ stopSignal: StopSignal,
    _ report: @Sendable (SearchEvent) -> Void
  ) throws {
    report(.began(trial))
    let training = TrialTraining(
      dataset: dataset, backend: backend, stopSignal: stopSignal, crew: crew)
    func train(in folder: URL) throws -> Trial {
      try training.run(trial, in: folder, through: last) { trial, record in
        guard try store.update(trial) else { throw TrialLost() }
        report(.epoch(trial, record))
      }
    }
    do {
      let ended: Trial
      do {
        ended = try train(in: store.run(trial))
      } catch let error as FolderInUse {
        guard let spare = store.spareRun(trial) else { throw error }
        defer { try? removeAll(spare) }
        ended = try train(in: spare)
      }
      guard try store.update(ended) else { throw TrialLost() }
      // Only halving continues trials.
      if ended.state == .failed || (ended.state == .done && space.strategy != .halving) {
        try? removeAll(store.run(ended))
      }
      if let standing = try store.standing() { report(.standing(standing)) }
      report(.ended(ended))
    } catch {
      // The worker that has it now may have removed the folder in use here.
      guard try error is TrialLost || !store.holds(trial) else { throw error }
      report(.lost(trial))
    }
  }
}

/// The trial is no longer claimed by this process.
private struct TrialLost: Error {}

/// The first error of several threads.
private final class FirstError: Sendable {
  private let value = Mutex<(any Error)?>(nil)

  var error: (any Error)? { value.withLock { $0 } }

  func note(_ error: any Error) { value.withLock { if $0 == nil { $0 = error } } }
}
