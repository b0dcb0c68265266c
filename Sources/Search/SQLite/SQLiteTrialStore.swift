import Datasets
import Foundation
import Models
import Storage
import Training

/// The trials of one search in an SQLite file; thread-safe, for one process at a time.
///
/// Every change is a transaction, in write-ahead mode: others may read while a search writes, and a process that
/// is killed leaves the file as of the last transaction. Locks that others hold are waited for.
final class SQLiteTrialStore: TrialStore {
  /// The file's path.
  let name: String
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
    name = url.path
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
        try SQLiteSchema.check(database)
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
          try SQLiteSchema.migrate(database)
          return try Self.check(database, space, dataset)
        }
        try SQLiteSchema.create(database)
        try Self.begin(database, space, dataset)
        return space
      }
    } catch {
      // A file that is not our storage is left unchanged, with nothing beside it.
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

  private static func begin(_ database: SQLite, _ space: SearchSpace, _ dataset: Dataset) throws {
    try database.replace(in: "search", SearchRecord.columns(space, dataset))
  }

  private static func check(
    _ database: SQLite, _ space: SearchSpace, _ dataset: Dataset
  ) throws -> SearchSpace {
    try SearchRecord.check(
      database.rows("SELECT * FROM search").first, database.integer("SELECT COUNT(*) FROM trial") ?? 0,
      database.path, space, dataset)
  }

  // MARK: - On the way

  /// Runs `body` in a transaction; errors of SQLite become errors of the search.
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
  func begin(_: StopSignal, _: @escaping @Sendable (String) -> Void) throws {
    try transaction {
      for var trial in try database.rows("SELECT * FROM trial WHERE state = 'running'").map(Trial.init) {
        trial.state = .waiting
        try trial.write(to: database)
      }
    }
  }

  /// Nothing to give back: only the lock is held, and no other process trains.
  func end() {}

  func count() throws -> Int {
    try transaction { try database.integer("SELECT COUNT(*) FROM trial") ?? 0 }
  }

  func add(_ configurations: [Configuration], after known: Int) throws {
    try transaction {
      for (index, configuration) in configurations.enumerated() {
        try Trial(known + index + 1, configuration).write(to: database)
      }
    }
  }

  func trials(_ count: Int?) throws -> [Trial] {
    // Negative: no limit.
    try transaction {
      try database.rows("SELECT * FROM trial ORDER BY number LIMIT ?", .integer(count ?? -1)).map(Trial.init)
    }
  }

  func hasWaiting() throws -> Bool {
    try transaction { try database.integer("SELECT COUNT(*) FROM trial WHERE state = 'waiting'") != 0 }
  }

  func isComplete() throws -> Bool { try !hasWaiting() && count() >= space.trials }

  func claim(_: StopSignal) throws -> Claim {
    try transaction {
      let statement = "SELECT * FROM trial WHERE state = 'waiting' ORDER BY number LIMIT 1"
      guard var trial = try database.rows(statement).first.map(Trial.init) else { return .none }
      trial.state = .running
      try trial.write(to: database)
      return .trial(trial)
    }
  }

  func holds(_: Trial) -> Bool { true }

  func update(_ trial: Trial) throws -> Bool {
    try transaction { try trial.write(to: database) }
    return true
  }

  func standing() -> Standing? { nil }

  // MARK: - Rungs

  func rung() throws -> Int { try transaction { try database.integer("SELECT MAX(rung) FROM trial") ?? 0 } }

  func promote(_ count: Int, from rung: Int) throws -> Int {
    try transaction {
      let done = try database.rows("SELECT * FROM trial WHERE rung = ? AND state = 'done'", .integer(rung))
      let survivors = try done.map(Trial.init).sorted(by: Trial.precedes).prefix(count)
      for trial in survivors { try trial.promoted.write(to: database) }
      return survivors.count
    }
  }

  // MARK: - Runs

  func run(_ trial: Trial) -> URL { runs.appendingPathComponent("\(trial.number)") }

  func spareRun(_: Trial) -> URL? { nil }

  func removeRuns(finished: Bool) throws {
    let rung = try rung()
    let kept = finished ? [] : try trials(nil).filter { $0.rung == rung && $0.state != .failed }
    let names = Set(kept.map { "\($0.number)" })
    for name in try Files.names(in: runs) where Int(name) != nil && !names.contains(name) {
      try removeAll(runs.appendingPathComponent(name))
    }
  }
}
