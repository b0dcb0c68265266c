import Datasets
import Foundation
import Models
import Numerics
import Training

/// Where the trials of a search are kept: an SQLite file for one process, or a PostgreSQL database for any number.
///
/// Every operation is a transaction: all of it or nothing. All may be called from any thread.
protocol TrialStore: Sendable {
  /// The file or address, for people; without secrets.
  var name: String { get }
  /// The space: as given, but sampled if a grid was started as a sample and is now requested as a whole.
  var space: SearchSpace { get }

  /// Prepares for training.
  ///
  /// - Parameters:
  ///   - stopSignal: ends waiting.
  ///   - notify: called with a line that people should see.
  func begin(_ stopSignal: StopSignal, _ notify: @escaping @Sendable (String) -> Void) throws
  /// Releases the trials that this process still holds. Called whenever training ends, also by an error.
  func end()

  /// How many trials there are.
  func count() throws -> Int
  /// Adds waiting trials; the first has the number after `known`.
  func add(_ configurations: [Configuration], after known: Int) throws
  /// The first `count` trials, by number; nil: all.
  func trials(_ count: Int?) throws -> [Trial]

  /// Whether a trial can be claimed.
  func hasWaiting() throws -> Bool
  /// Whether all trials exist, and none is waiting or being trained.
  func isComplete() throws -> Bool
  /// Takes the next waiting trial and marks it as running.
  ///
  /// - Parameter loss: stopped if the trial is taken away later.
  func claim(_ loss: StopSignal) throws -> Claim
  /// Whether this process still holds the trial.
  func holds(_ trial: Trial) throws -> Bool
  /// Stores the state of a claimed trial; false, and nothing is stored, if this process no longer holds it.
  func update(_ trial: Trial) throws -> Bool
  /// Progress of the current rung; nil if nobody else trains its trials.
  func standing() throws -> Standing?

  /// The current rung.
  func rung() throws -> Int
  /// Ends a completed rung: the best `count` trials continue to the next, ties by number. Once done, repeating it changes
  /// nothing.
  ///
  /// - Returns: the number of continuing trials; fewer if others failed.
  func promote(_ count: Int, from rung: Int) throws -> Int

  /// The run folder of a trial.
  func run(_ trial: Trial) -> URL
  /// Another run folder, if the usual one is in use by a process that has lost the trial without knowing; nil if that
  /// cannot happen.
  func spareRun(_ trial: Trial) -> URL?
  /// Removes the runs that nothing resumes: those of eliminated trials, and when the search is `finished`, all.
  func removeRuns(finished: Bool) throws
}

/// The answer to a worker that asks for a trial.
enum Claim {
  /// A trial to train.
  case trial(Trial)
  /// Nothing now, but others train trials that may come back or lead to a further rung.
  case later
  /// Nothing is left.
  case none
}

/// What a storage records of its search, in a row of its own.
struct SearchRecord {
  /// The columns of a new storage.
  static func columns(_ space: SearchSpace, _ dataset: Dataset) -> [String: StoredValue] {
    [
      "id": .integer(1), "space": .text(space.text), "space_sha256": .text(space.sha256),
      "dataset": .text(dataset.name), "dataset_sha256": .text(dataset.sha256),
      "numerics_contract": .integer(contractVersion),
    ]
  }

  /// Checks that a storage is that of a search.
  ///
  /// - Parameters:
  ///   - row: the record; nil if there is none.
  ///   - count: the number of its trials.
  ///   - path: the file or address, for errors.
  /// - Returns: the space: `space`, or its drawn form if the storage holds a sample of the grid.
  /// - Throws: `SearchError`.
  static func check(
    _ row: StoredRow?, _ count: Int, _ path: String, _ space: SearchSpace, _ dataset: Dataset
  ) throws -> SearchSpace {
    guard let row else {
      throw SearchError(.storage, "\(path) is damaged: it does not say what was searched")
    }
    try row.requireWhole("what it says of its search")
    let other = "continue that search, or name another --storage"
    let known: String = try row.value("space_sha256")
    let space = space.strategy == .grid && known == space.drawn.sha256 ? space.drawn : space
    guard known == space.sha256 else {
      let (there, here) = difference(try row.value("space"), space.text)
      throw SearchError(
        .storage, "\(path) holds another search: it has '\(there)', this one '\(here)'; \(other)")
    }
    let (name, hash): (String, String) = (try row.value("dataset"), try row.value("dataset_sha256"))
    guard hash == dataset.sha256 else {
      throw SearchError(
        .storage,
        "\(path) holds a search on other data: \(name) with SHA-256 \(hash), but "
          + "\(dataset.name) has \(dataset.sha256); \(other)")
    }
    let contract: Int = try row.value("numerics_contract")
    guard contract == contractVersion else {
      throw SearchError(
        .storage,
        "\(path) follows version \(contract) of the numerics contract, this program "
          + "\(contractVersion): name another --storage")
    }
    guard count <= space.trials else {
      throw SearchError(
        .storage,
        "the storage has \(counted(count, "trial")) already: ask for as many, or more, or name another --storage"
      )
    }
    return space
  }

  /// The first lines that differ.
  private static func difference(_ there: String, _ here: String) -> (String, String) {
    let (a, b) = (there.components(separatedBy: "\n"), here.components(separatedBy: "\n"))
    let index = zip(a, b).enumerated().first { $1.0 != $1.1 }?.offset ?? min(a.count, b.count)
    return (index < a.count ? a[index] : "nothing", index < b.count ? b[index] : "nothing")
  }
}

extension TrialStore {
  /// Checks that stored trials match `configurations`, the first ones of the space.
  ///
  /// - Throws: `SearchError` if one is not of this space.
  func check(_ configurations: [Configuration]) throws {
    for (place, trial) in try trials(configurations.count).enumerated() {
      guard trial.number == place + 1, Self.isOf(configurations[place], trial) else {
        throw SearchError(
          .storage, "\(name) is damaged: trial \(trial.number) does not belong to this space")
      }
    }
  }

  /// Only stored keys are compared: a version newer than the one that began the search may have more.
  private static func isOf(_ configuration: Configuration, _ trial: Trial) -> Bool {
    let texts = configuration.texts
    return trial.configuration.allSatisfy { texts[$0.key] == $0.value }
  }
}
