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
}

/// Trains the trials of a space, sequentially or in parallel, and stores each in its storage.
///
/// Determinism: trials share nothing but the data, and survivors are chosen when a rung is complete. So the table
/// does not depend on how many train side by side, on devices, or on how often the search was stopped or killed.
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
  private let store: TrialStore
  private let supply: TrialSupply
  /// Epochs of a trial; the same for all where there are rungs.
  private let epochs: Int

  /// Starts or resumes a search.
  ///
  /// - Parameter storage: the SQLite file; beside it, in a folder of its name with `.runs`, are the checkpoints of
  ///   trials under way. Both are locked for as long as this object lives.
  /// - Parameter patience: seconds to wait for others who hold the storage.
  /// - Throws: `SearchError`, `ConfigurationError`; `TrainingError` if a classifier's labels are missing.
  package init(_ space: SearchSpace, dataset: Dataset, storage: URL, patience: Double = 30) throws {
    if space.base.classifies, dataset.train.labels == nil {
      throw TrainingError(.data, "\(dataset.name) has no labels: a classifier needs them in every trial")
    }
    // Whatever is impossible is refused before a file is made.
    let supply = try TrialSupply(space, images: dataset.train.count)
    self.dataset = dataset
    store = try TrialStore(storage, space, dataset, patience: patience)
    self.space = store.space
    epochs = supply.epochs
    self.supply =
      store.space.isDrawn == space.isDrawn
      ? supply : try TrialSupply(store.space, images: dataset.train.count)
    try self.supply.begin(store)
  }

  /// The storage, symbolic links resolved.
  package var storage: URL { store.url }

  /// The trials that are in the storage, by number: all, or where there are very many those that were reached and some
  /// more.
  ///
  /// - Throws: the database's error.
  package func trials() throws -> [Trial] { try store.trials() }

  /// Trains the remaining trials, as many in parallel as there are backends.
  ///
  /// - Parameters:
  ///   - backends: a device for every trial at a time.
  ///   - crew: the processes that train along, where there is one backend; nil: none.
  ///   - stopSignal: stops the search; trials finish their step and write a checkpoint.
  ///   - report: called for every event, on the training threads.
  /// - Throws: an error that concerns the whole search; the trials stay as they are, and can be resumed.
  package func run(
    on backends: [any Backend], crew: Crew? = nil, stopSignal: StopSignal = StopSignal(),
    report: @escaping @Sendable (SearchEvent) -> Void = { _ in }
  ) throws -> Outcome {
    precondition(!backends.isEmpty, "a search needs a device")
    precondition(crew == nil || backends.count == 1, "a crew trains one model at a time")
    try store.requeue()
    guard space.strategy == .halving else {
      guard try runWaiting(on: backends, crew, through: nil, stopSignal, report) else { return .interrupted }
      try store.removeRuns(exceptOn: nil)
      return .finished
    }
    let rungs = Rungs(trials: space.trials, epochs: epochs, eta: space.eta)
    while true {
      let rung = try store.rung()
      try store.removeRuns(exceptOn: rung)
      guard try runWaiting(on: backends, crew, through: rungs.epochs[rung], stopSignal, report) else {
        return .interrupted
      }
      let next = rung + 1
      guard next < rungs.trials.count else { break }
      let survivors = try store.promote(rungs.trials[next], from: rung)
      guard survivors > 0 else { break }
      report(.rung(next, trials: survivors, epochs: rungs.epochs[next]))
    }
    try store.removeRuns(exceptOn: nil)
    return .finished
  }

  /// Trains all waiting trials; false if it was stopped.
  private func runWaiting(
    on backends: [any Backend], _ crew: Crew?, through last: Int?, _ stopSignal: StopSignal,
    _ report: @escaping @Sendable (SearchEvent) -> Void
  ) throws -> Bool {
    let problem = FirstError()
    // Threads of their own: jobs may be more than the processors that a dispatch queue has threads for. None holds the
    // search, which may be let go of, and its lock with it, as soon as all are done.
    let group = DispatchGroup()
    for backend in backends {
      group.enter()
      Thread { [unowned(unsafe) self] in
        defer { group.leave() }
        ArithmeticMode.establish()
        do {
          while !stopSignal.isStopped, problem.error == nil, try supply.fill(store),
            let trial = try store.takeNext()
          {
            try run(trial, on: backend, crew, through: last, stopSignal, report)
          }
        } catch {
          problem.note(error)
        }
      }.start()
    }
    group.wait()
    if let error = problem.error { throw error }
    return try !store.hasWaiting() && store.count() >= space.trials
  }

  private func run(
    _ trial: Trial, on backend: any Backend, _ crew: Crew?, through last: Int?, _ stopSignal: StopSignal,
    _ report: @Sendable (SearchEvent) -> Void
  ) throws {
    report(.began(trial))
    let training = TrialTraining(
      dataset: dataset, backend: backend, stopSignal: stopSignal, crew: crew)
    let ended = try training.run(trial, in: store.run(trial), through: last) { trial, record in
      try store.update(trial)
      report(.epoch(trial, record))
    }
    try store.update(ended)
    // Only halving continues trials.
    if ended.state == .failed || (ended.state == .done && space.strategy != .halving) {
      try? removeAll(store.run(ended))
    }
    report(.ended(ended))
  }
}

/// The first error of several threads.
private final class FirstError: Sendable {
  private let value = Mutex<(any Error)?>(nil)

  var error: (any Error)? { value.withLock { $0 } }

  func note(_ error: any Error) { value.withLock { if $0 == nil { $0 = error } } }
}
