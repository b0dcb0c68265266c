import Datasets
import Foundation
import GRDB
import Models
import Numerics
import Storage

/// The trials of one search in an SQLite file, for one process at a time; any number of threads.
///
/// Every change is a transaction, in write-ahead mode: others may read while a search writes, and a process that
/// is killed leaves the file as the last transaction left it.
final class TrialStore: Sendable {
  /// The file.
  let url: URL
  /// Where the runs of trials under way lie.
  let runs: URL
  private let queue: DatabaseQueue
  private let lock: FolderLock

  /// Opens the storage of a search, or makes it.
  ///
  /// - Throws: `SearchError` where it is in use, or not that of this search; `FileError`.
  init(_ url: URL, _ space: SearchSpace, _ dataset: Dataset, _ configurations: [Models.Configuration]) throws
  {
    let url = url.standardizedFileURL.resolvingSymlinksInPath()
    self.url = url
    runs = url.deletingLastPathComponent().appendingPathComponent("\(url.lastPathComponent).runs")
    let isNew = !FileManager.default.fileExists(atPath: runs.path)
    try FileManager.default.createDirectory(at: runs, withIntermediateDirectories: true)
    do {
      lock = try FolderLock(folder: runs)
    } catch let error as FolderInUse {
      let holder = error.process.map { "process \($0)" } ?? "another process"
      throw SearchError(
        .storage, "\(url.path) is in use by \(holder): wait until that search ends, or name another --storage"
      )
    }
    do {
      var configuration = GRDB.Configuration()
      configuration.journalMode = .wal
      queue = try DatabaseQueue(path: url.path, configuration: configuration)
      try queue.write { database in
        let isEmpty = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM sqlite_schema") == 0
        if isEmpty {
          try TrialSchema.create(database)
          try Self.begin(database, space, dataset)
        } else {
          try TrialSchema.check(database, path: url.path)
          try Self.check(database, space, dataset, path: url.path)
        }
        try Self.add(configurations, to: database)
      }
    } catch {
      // A file that is no storage of ours is left as it was, with nothing beside it.
      if isNew { try? FileManager.default.removeItem(at: runs) }
      throw (error as? DatabaseError).map { Self.explained($0, url) } ?? error
    }
  }

  // MARK: - Beginning

  private static func begin(_ database: Database, _ space: SearchSpace, _ dataset: Dataset) throws {
    try database.execute(
      sql: "INSERT INTO search VALUES (1, ?, ?, ?, ?, ?)",
      arguments: [space.text, space.sha256, dataset.name, dataset.sha256, contractVersion])
  }

  private static func check(
    _ database: Database, _ space: SearchSpace, _ dataset: Dataset, path: String
  ) throws {
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM search") else {
      throw SearchError(.storage, "\(path) is damaged: it does not say what was searched")
    }
    let other = "continue that search, or name another --storage"
    guard row["space_sha256"] == space.sha256 else {
      let (there, here) = difference(row["space"], space.text)
      throw SearchError(
        .storage, "\(path) holds another search: it has '\(there)', this one '\(here)'; \(other)")
    }
    guard row["dataset_sha256"] == dataset.sha256 else {
      let name: String = row["dataset"]
      throw SearchError(
        .storage,
        "\(path) holds a search on other data: \(name) with SHA-256 \(row["dataset_sha256"] as String), but "
          + "\(dataset.name) has \(dataset.sha256); \(other)")
    }
    guard row["numerics_contract"] == contractVersion else {
      throw SearchError(
        .storage,
        "\(path) follows version \(row["numerics_contract"] as Int) of the numerics contract, this program "
          + "\(contractVersion): name another --storage")
    }
  }

  /// The first lines that differ.
  private static func difference(_ there: String, _ here: String) -> (String, String) {
    let (a, b) = (there.components(separatedBy: "\n"), here.components(separatedBy: "\n"))
    let index = zip(a, b).enumerated().first { $1.0 != $1.1 }?.offset ?? min(a.count, b.count)
    return (index < a.count ? a[index] : "nothing", index < b.count ? b[index] : "nothing")
  }

  private static func add(_ configurations: [Models.Configuration], to database: Database) throws {
    let known = try Trial.fetchCount(database)
    guard known <= configurations.count else {
      throw SearchError(
        .storage,
        "the storage has \(known) trials already: ask for as many, or more, or name another --storage")
    }
    for (index, configuration) in configurations.enumerated().dropFirst(known) {
      try Trial(index + 1, configuration).insert(database)
    }
  }

  // MARK: - On the way

  private func write<Value>(_ change: (Database) throws -> Value) throws -> Value {
    do {
      return try queue.write(change)
    } catch let error as DatabaseError {
      throw Self.explained(error, url)
    }
  }

  private static func explained(_ error: DatabaseError, _ url: URL) -> SearchError {
    SearchError(.storage, "\(url.path) cannot be used: \(error.message ?? "\(error.resultCode)")")
  }

  /// Has trials wait that ran when a search ended: whoever ran them is gone.
  func requeue() throws {
    try write { try $0.execute(sql: "UPDATE trial SET state = 'waiting' WHERE state = 'running'") }
  }

  /// Whether a trial waits.
  func hasWaiting() throws -> Bool {
    try write {
      try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT * FROM trial WHERE state = 'waiting')") ?? false
    }
  }

  /// The next trial that waits; from now on it runs.
  func takeNext() throws -> Trial? {
    try write { database in
      let sql = "SELECT * FROM trial WHERE state = 'waiting' ORDER BY number LIMIT 1"
      guard var trial = try Trial.fetchOne(database, sql: sql) else { return nil }
      trial.state = .running
      try trial.update(database)
      return trial
    }
  }

  /// Writes how a trial stands.
  func update(_ trial: Trial) throws { try write { try trial.update($0) } }

  /// All trials, by number.
  func trials() throws -> [Trial] {
    try write { try Trial.fetchAll($0, sql: "SELECT * FROM trial ORDER BY number") }
  }

  /// The rung that is under way.
  func rung() throws -> Int {
    try write { try Int.fetchOne($0, sql: "SELECT MAX(rung) FROM trial") ?? 0 }
  }

  /// Ends a rung whose trials are all done: the best `count` go on to the next, ties by number.
  ///
  /// - Returns: how many go on; fewer where others failed.
  func promote(_ count: Int, from rung: Int) throws -> Int {
    try write { database in
      let sql = "SELECT * FROM trial WHERE rung = ? AND state = 'done'"
      let ranked = try Trial.fetchAll(database, sql: sql, arguments: [rung]).sorted(by: Trial.precedes)
      for var trial in ranked.prefix(count) {
        trial.rung += 1
        trial.state = .waiting
        try trial.update(database)
      }
      return min(count, ranked.count)
    }
  }

  // MARK: - Runs

  /// The run folder of a trial.
  func run(_ trial: Trial) -> URL { runs.appendingPathComponent("\(trial.number)") }

  /// Takes away the runs of all trials that are not on `rung`, or of all for nil: nothing goes on from them.
  func removeRuns(exceptOn rung: Int?) throws {
    let kept = try rung.map { rung in
      Set(try trials().filter { $0.rung == rung && $0.state != .failed }.map { "\($0.number)" })
    }
    for name in try FileManager.default.contentsOfDirectory(atPath: runs.path)
    where Int(name) != nil && kept?.contains(name) != true {
      try FileManager.default.removeItem(at: runs.appendingPathComponent(name))
    }
  }
}
