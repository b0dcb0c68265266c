import Datasets
import Foundation
import Models
import Numerics
import Storage

/// The trials of one search in an SQLite file; thread-safe, for one process at a time.
///
/// Every change is a transaction, in write-ahead mode: others may read while a search writes, and a process that
/// is killed leaves the file as the last transaction left it. A lock that others hold is waited for.
final class TrialStore: Sendable {
  /// The file.
  let url: URL
  /// The space: as given, but sampled if a grid was started as a sample and is now requested as a whole.
  let space: SearchSpace
  /// The folder of the runs of current trials.
  let runs: URL
  private let database: SQLite
  private let lock: FolderLock

  /// Opens or creates the storage of a search.
  ///
  /// - Throws: `SearchError` if it is in use, or not that of this search; `FileError`.
  init(_ url: URL, _ space: SearchSpace, _ dataset: Dataset, patience: Double) throws {
    let url = Files.resolved(url)
    self.url = url
    runs = url.deletingLastPathComponent().appendingPathComponent("\(url.lastPathComponent).runs")
    let isNew = !Files.exists(runs)
    try Self.requireOwn(url, runs)
    try makeFolder(runs)
    do {
      lock = try FolderLock(folder: runs, patience: patience)
    } catch let error as FolderInUse {
      let holder = error.process.map { "process \($0)" } ?? "another process"
      throw SearchError(
        .storage, "\(url.path) is in use by \(holder): wait until that search ends, or name another --storage"
      )
    }
    do {
      database = try SQLite(path: url.path, patience: max(patience, 0.1))
      let isEmpty = try database.integer("SELECT COUNT(*) FROM sqlite_schema") == 0
      if !isEmpty {
        try TrialSchema.check(database)
        try database.checkIntegrity()
      }
      // Only now: it is written into the file.
      guard try database.writeAhead() == "wal" else {
        throw SearchError(
          .storage, "\(url.path) cannot have a write-ahead log: put it on another file system")
      }
      // A power failure may lose the last transactions, but not the file.
      try database.execute("PRAGMA synchronous = NORMAL")
      self.space = try database.transaction { [database] in
        if !isEmpty {
          try TrialSchema.migrate(database)
          return try Self.check(database, space, dataset)
        }
        try TrialSchema.create(database)
        try Self.begin(database, space, dataset)
        return space
      }
    } catch {
      // A file that is no storage of ours is left as it was, with nothing beside it.
      if isNew { try? removeAll(runs) }
      throw Self.explained(error)
    }
  }

  /// Throws: `SearchError` if the storage is not a plain file, or the folder for the runs holds other files.
  private static func requireOwn(_ url: URL, _ runs: URL) throws {
    do {
      try AtomicFile.requireReplaceable(url.path)
    } catch let error as NotAFile {
      throw SearchError(.storage, "\(url.path) is \(error.found): name a file as --storage")
    }
    guard Files.exists(runs) else { return }
    let names = (try? Files.names(in: runs)) ?? []
    let others = names.filter { name in
      if name == FolderLock.name || TemporaryFile.isOne(name) { return false }
      let inside = try? Files.names(in: runs.appendingPathComponent(name))
      return Int(name) == nil || !(inside.map { $0.isEmpty || $0.contains(FolderLock.name) } ?? false)
    }
    guard others.isEmpty else {
      throw SearchError(
        .storage,
        "\(runs.path) holds \(others.sorted().prefix(3).joined(separator: ", ")), which no search has put there: name another "
          + "--storage")
    }
  }

  // MARK: - Beginning

  private static func begin(_ database: SQLite, _ space: SearchSpace, _ dataset: Dataset) throws {
    try database.replace(
      in: "search",
      [
        "id": .integer(1), "space": .text(space.text), "space_sha256": .text(space.sha256),
        "dataset": .text(dataset.name), "dataset_sha256": .text(dataset.sha256),
        "numerics_contract": .integer(contractVersion),
      ])
  }

  private static func check(
    _ database: SQLite, _ space: SearchSpace, _ dataset: Dataset
  ) throws -> SearchSpace {
    let path = database.path
    guard let row = try database.rows("SELECT * FROM search").first else {
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
    let count = try database.integer("SELECT COUNT(*) FROM trial") ?? 0
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

  /// Checks that stored trials match `configurations`, the first ones of the space.
  ///
  /// - Throws: `SearchError` if one is none of this space.
  func check(_ configurations: [Configuration]) throws {
    let rows = try transaction {
      try database.rows("SELECT * FROM trial ORDER BY number LIMIT \(configurations.count)").map(Trial.init)
    }
    for (place, trial) in rows.enumerated() {
      guard trial.number == place + 1, Self.isOf(configurations[place], trial) else {
        throw SearchError(
          .storage, "\(url.path) is damaged: trial \(trial.number) does not belong to this space")
      }
    }
  }

  /// A version with more keys than the one that began the search knows the others as they were.
  private static func isOf(_ configuration: Configuration, _ trial: Trial) -> Bool {
    let texts = configuration.texts
    return trial.configuration.allSatisfy { texts[$0.key] == $0.value }
  }

  // MARK: - On the way

  /// All of `body` or nothing of it, with errors as a search has them.
  private func transaction<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try database.transaction(body)
    } catch {
      throw Self.explained(error)
    }
  }

  private static func explained(_ error: any Error) -> any Error {
    (error as? SQLiteError).map { SearchError(.storage, $0.description) } ?? error
  }

  /// Resets trials that were running when a previous process ended.
  func requeue() throws {
    try transaction {
      for var trial in try database.rows("SELECT * FROM trial WHERE state = 'running'").map(Trial.init) {
        trial.state = .waiting
        try trial.write(to: database)
      }
    }
  }

  /// How many trials there are.
  func count() throws -> Int {
    try transaction { try database.integer("SELECT COUNT(*) FROM trial") ?? 0 }
  }

  /// Adds trials that wait; the first has the number after `known`.
  func add(_ configurations: [Configuration], behind known: Int) throws {
    try transaction {
      for (index, configuration) in configurations.enumerated() {
        try Trial(known + index + 1, configuration).write(to: database)
      }
    }
  }

  /// Whether a trial waits.
  func hasWaiting() throws -> Bool {
    try transaction { try database.integer("SELECT COUNT(*) FROM trial WHERE state = 'waiting'") != 0 }
  }

  /// Takes the next waiting trial and marks it as running.
  func takeNext() throws -> Trial? {
    try transaction {
      let statement = "SELECT * FROM trial WHERE state = 'waiting' ORDER BY number LIMIT 1"
      guard var trial = try database.rows(statement).first.map(Trial.init) else { return nil }
      trial.state = .running
      try trial.write(to: database)
      return trial
    }
  }

  /// Stores the state of a trial.
  func update(_ trial: Trial) throws { try transaction { try trial.write(to: database) } }

  /// All trials, by number.
  func trials() throws -> [Trial] {
    try transaction { try database.rows("SELECT * FROM trial ORDER BY number").map(Trial.init) }
  }

  /// The current rung.
  func rung() throws -> Int { try transaction { try database.integer("SELECT MAX(rung) FROM trial") ?? 0 } }

  /// Ends a completed rung: the best `count` trials continue to the next, ties by number.
  ///
  /// - Returns: the number of continuing trials; fewer if others failed.
  func promote(_ count: Int, from rung: Int) throws -> Int {
    try transaction {
      let done = try database.rows("SELECT * FROM trial WHERE rung = ? AND state = 'done'", .integer(rung))
      let survivors = try done.map(Trial.init).sorted(by: Trial.precedes).prefix(count)
      for var trial in survivors {
        trial.rung += 1
        trial.state = .waiting
        try trial.write(to: database)
      }
      return survivors.count
    }
  }

  // MARK: - Runs

  /// The run folder of a trial.
  func run(_ trial: Trial) -> URL { runs.appendingPathComponent("\(trial.number)") }

  /// Removes the runs of all trials that are not on `rung` (nil: all runs), since nothing continues from them.
  func removeRuns(exceptOn rung: Int?) throws {
    let kept = try rung.map { rung in
      Set(try trials().filter { $0.rung == rung && $0.state != .failed }.map { "\($0.number)" })
    }
    for name in try Files.names(in: runs)
    where Int(name) != nil && kept?.contains(name) != true {
      try removeAll(runs.appendingPathComponent(name))
    }
  }
}
