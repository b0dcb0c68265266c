import Foundation
import Models
import Storage

/// A search as stored in its SQLite file, read-only.
///
/// The file is read through a copy: SQLite itself would take locks, which a search might have to wait for, and leave files
/// beside it. A search in progress keeps its last transactions in `FILE-wal`, so that is copied too.
package struct StoredSearch: Sendable {
  /// The trials, best first.
  package let table: SearchTable
  /// The varied settings, in the order of the space.
  package let keys: [String]

  /// The largest file that is read.
  private static let mostBytes = 1 << 28

  /// Whether a file is the storage of a search, from its first bytes.
  package static func isOne(_ url: URL) -> Bool {
    guard let head = try? readFile(url, atMost: 72), head.count == 72 else { return false }
    let application = head.dropFirst(68).reduce(0) { $0 << 8 | Int($1) }
    // A search that has just begun has everything in the log.
    return head.starts(with: Array("SQLite format 3\0".utf8))
      && [SQLiteSchema.application, 0].contains(application)
  }

  /// Reads a search.
  ///
  /// - Throws: `SearchError` if the file is damaged, no storage of a search, or written faster than it is copied; `FileError`,
  ///   `FileTooLarge`.
  package init(reading url: URL) throws {
    var last: (any Error)?
    // The log may be written into the file between the two copies: then they do not belong together.
    for _ in 0..<4 {
      do {
        let before = Self.stamp(url)
        let files = try (readFile(url, upTo: Self.mostBytes), Self.log(url))
        guard Self.stamp(url) == before else { continue }
        self = try Self.read(files.0, files.1, name: url.path)
        return
      } catch let error as SearchError {
        last = error
      }
    }
    throw last ?? SearchError(.storage, "\(url.path) is being written, and cannot be read at the moment")
  }

  private init(_ table: SearchTable, _ keys: [String]) { (self.table, self.keys) = (table, keys) }

  private static func log(_ url: URL) throws -> Data? {
    do {
      return try readFile(URL(systemPath: url.path + "-wal"), upTo: mostBytes)
    } catch let error as FileError where error.code == ENOENT {
      return nil
    }
  }

  private static func stamp(_ url: URL) -> [Int] {
    var status = stat()
    guard url.path.withSystemPath({ stat($0, &status) }) == 0 else { return [] }
    return [Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
  }

  private static func read(_ file: Data, _ log: Data?, name: String) throws -> StoredSearch {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "facsimile-\(UUID().uuidString)")
    guard folder.path.withSystemPath({ mkdir($0, 0o700) }) == 0 else {
      throw FileError(action: "make the folder", path: folder.path, code: errno)
    }
    defer { try? removeAll(folder) }
    let copy = folder.appendingPathComponent("search.sqlite")
    do {
      try file.write(to: copy)
      try log?.write(to: folder.appendingPathComponent("search.sqlite-wal"))
    } catch {
      throw FileError(action: "write", path: copy.path, error)
    }
    do {
      let database = try SQLite(path: copy.path, patience: 1)
      try SQLiteSchema.check(database)
      // A view or trigger would be a program of whoever made the file.
      let others = try database.integer(
        "SELECT COUNT(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'"
      )
      guard others == 0 else {
        throw SearchError(.storage, "\(copy.path) holds more than the tables of a search")
      }
      // The copy of an earlier version's file is migrated.
      try SQLiteSchema.migrate(database)
      guard let row = try database.rows("SELECT * FROM search").first else {
        throw SearchError(.storage, "\(copy.path) is damaged: it does not say what was searched")
      }
      try row.requireWhole("what it says of its search")
      let trials = try database.rows("SELECT * FROM trial ORDER BY number").map(Trial.init)
      return try Self(row, trials)
    } catch let error as SearchError {
      throw SearchError(error.kind, error.description.replacing(copy.path, with: name))
    } catch let error as SQLiteError {
      throw SearchError(.storage, error.description.replacing(copy.path, with: name))
    }
  }

  /// The space is stored as ``SearchSpace/text``.
  private init(_ row: StoredRow, _ trials: [Trial]) throws {
    let text: String = try row.value("space")
    let lines = text.split(separator: "\n").compactMap { line -> (String, String)? in
      guard let colon = line.range(of: ": ") else { return nil }
      return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
    }
    let keys = lines.filter { $0.0.hasPrefix("space ") }.map { String($0.0.dropFirst("space ".count)) }
    guard let strategy = lines.first(where: { $0.0 == "strategy" }).flatMap({ Strategy(rawValue: $0.1) }),
      let model = lines.first(where: { $0.0 == "model" })?.1
    else { throw SearchError(.storage, "\(row.path) is damaged: it does not say what was searched") }
    self.keys = keys
    table = try SearchTable(
      model: model, strategy: strategy, spaceSHA256: row.value("space_sha256"), dataset: row.value("dataset"),
      trials, keys: keys)
  }
}
