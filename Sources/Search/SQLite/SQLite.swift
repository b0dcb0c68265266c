import CSQLite
import Foundation
import Storage

/// A thread-safe connection to an SQLite file: one statement or transaction at a time.
package final class SQLite: Sendable {
  /// The file.
  package let path: String
  /// Seconds to wait for a lock that another program holds.
  private let patience: Double
  nonisolated(unsafe) private let handle: OpaquePointer
  /// Recursive, since a transaction holds it over its statements.
  private let lock = NSRecursiveLock()

  /// Opens or creates a file.
  ///
  /// - Parameter patience: seconds to wait for a lock that another program holds.
  /// - Throws: `SQLiteError`. The first statement detects a file that is no database.
  package init(path: String, patience: Double = 30) throws {
    self.path = path
    self.patience = patience
    var handle: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
    let status = path.withSystemPath { sqlite3_open_v2($0, &handle, flags, nil) }
    guard status == SQLITE_OK, let handle else {
      defer { sqlite3_close_v2(handle) }
      throw SQLiteError(path, handle, status, patience)
    }
    self.handle = handle
    sqlite3_busy_timeout(handle, Int32(patience * 1000))
  }

  deinit { sqlite3_close_v2(handle) }

  /// Runs statements without parameters and results.
  ///
  /// - Throws: `SQLiteError`.
  package func execute(_ statements: String) throws {
    try lock.withLock { try check(sqlite3_exec(handle, statements, nil, nil, nil)) }
  }

  /// Runs one statement.
  ///
  /// - Parameter values: the values of its parameters, in order.
  /// - Returns: its rows; none of a statement that changes something.
  /// - Throws: `SQLiteError`.
  @discardableResult
  package func rows(_ statement: String, _ values: StoredValue...) throws -> [StoredRow] {
    try rows(statement, values)
  }

  /// The same, with the values as a list.
  ///
  /// - Throws: `SQLiteError`.
  @discardableResult
  func rows(_ statement: String, _ values: [StoredValue]) throws -> [StoredRow] {
    try lock.withLock {
      var prepared: OpaquePointer?
      try check(sqlite3_prepare_v2(handle, statement, -1, &prepared, nil))
      defer { sqlite3_finalize(prepared) }
      precondition(
        sqlite3_bind_parameter_count(prepared) == values.count, "\(statement): \(values.count) values")
      for (index, value) in values.enumerated() { try check(value.bind(to: prepared, at: Int32(index + 1))) }
      let names = (0..<sqlite3_column_count(prepared)).map {
        String(cString: sqlite3_column_name(prepared, $0))
      }
      var rows: [StoredRow] = []
      while true {
        let status = sqlite3_step(prepared)
        if status == SQLITE_DONE { return rows }
        guard status == SQLITE_ROW else { throw SQLiteError(path, handle, status, patience) }
        let values = names.indices.map { StoredValue(prepared, Int32($0)) }
        rows.append(StoredRow(path: path, columns: Dictionary(zip(names, values)) { first, _ in first }))
      }
    }
  }

  /// The integer returned by a statement with one row and one column; nil for NULL.
  ///
  /// - Throws: `SQLiteError`.
  package func integer(_ statement: String) throws -> Int? {
    guard let row = try rows(statement).first, let name = row.columns.keys.first else { return nil }
    return try row.optional(name)
  }

  /// Runs `body` in a transaction, which is rolled back if it throws. The write lock is
  /// taken first (`BEGIN IMMEDIATE`), so a transaction that has begun does not fail because of another one.
  ///
  /// - Throws: `SQLiteError`, or what `body` throws.
  package func transaction<Result>(_ body: () throws -> Result) throws -> Result {
    try lock.withLock {
      try check(sqlite3_exec(handle, "BEGIN IMMEDIATE", nil, nil, nil))
      do {
        let result = try body()
        try check(sqlite3_exec(handle, "COMMIT", nil, nil, nil))
        return result
      } catch {
        // If the disk is full, SQLite has already rolled back.
        if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
        throw error
      }
    }
  }

  /// Enables write-ahead logging. SQLite does not wait for locks here.
  ///
  /// - Returns: the mode that the file has now; `wal` if it could be set.
  /// - Throws: `SQLiteError`.
  package func writeAhead() throws -> String {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(patience)
    while true {
      do {
        return try rows("PRAGMA journal_mode = WAL").first?.value("journal_mode") ?? ""
      } catch let error as SQLiteError where error.code == SQLITE_BUSY && clock.now < end {
        usleep(50_000)
      }
    }
  }

  /// Checks all pages of the file.
  ///
  /// - Throws: `SQLiteError` with the first fault.
  package func checkIntegrity() throws {
    let found: String? = try rows("PRAGMA integrity_check(1)").first?.value("integrity_check")
    guard found == "ok" else {
      let line = found?.split(whereSeparator: \.isNewline).joined(separator: " ")
      throw SQLiteError(path, line ?? "it cannot be checked")
    }
  }

  private func check(_ status: Int32) throws {
    if status != SQLITE_OK { throw SQLiteError(path, handle, status, patience) }
  }
}

/// An SQLite error.
package struct SQLiteError: Error, CustomStringConvertible {
  /// SQLite's result code.
  package let code: Int32
  /// One line with the file's path and SQLite's own message.
  package let description: String

  init(_ path: String, _ handle: OpaquePointer?, _ code: Int32, _ patience: Double) {
    self.code = code
    let words = String(cString: handle.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
    var message = words.split(whereSeparator: \.isNewline).joined(separator: " ")
    if code == SQLITE_BUSY {
      let holder = LockHolder.ofFiles([path, path + "-wal", path + "-shm"]).map { " by \($0)" } ?? ""
      message +=
        "\(holder), and was for \(patience.formatted()) s: end the program that uses it, and run this again"
    }
    description = "\(path) cannot be used: \(message)"
  }

  init(_ path: String, _ message: String) {
    code = SQLITE_MISMATCH
    description = "\(path) is damaged: \(message)"
  }
}

extension StoredValue {
  /// The value of a column in the current row of `statement`.
  init(_ statement: OpaquePointer?, _ column: Int32) {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_NULL: self = .null
    case SQLITE_INTEGER: self = .integer(Int(sqlite3_column_int64(statement, column)))
    case SQLITE_FLOAT: self = .real(sqlite3_column_double(statement, column))
    default:
      // Text, and bytes read as text. The length is that of the preceding call's result.
      let start = sqlite3_column_text(statement, column)
      let count = Int(sqlite3_column_bytes(statement, column))
      self = .text(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
    }
  }

  /// Binds it to a parameter, from 1; returns SQLite's result code.
  func bind(to statement: OpaquePointer?, at index: Int32) -> Int32 {
    switch self {
    case .null: return sqlite3_bind_null(statement, index)
    case .integer(let value): return sqlite3_bind_int64(statement, index, Int64(value))
    case .real(let value): return sqlite3_bind_double(statement, index, value)
    case .text(var value):
      // −1 makes SQLite copy the bytes.
      let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
      return value.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) {
          sqlite3_bind_text64(statement, index, $0.baseAddress, UInt64($0.count), copied, UInt8(SQLITE_UTF8))
        }
      }
    }
  }
}

extension SQLite {
  /// Adds a row, or replaces it, with the hash of what it holds.
  ///
  /// - Throws: `SQLiteError`.
  func replace(in table: String, _ columns: [String: StoredValue]) throws {
    let sorted = StoredRow(path: path, columns: columns).hashed.sorted { $0.key < $1.key }
    let names = sorted.map(\.key).joined(separator: ", ")
    let marks = sorted.map { _ in "?" }.joined(separator: ", ")
    try rows("INSERT OR REPLACE INTO \(table) (\(names)) VALUES (\(marks))", sorted.map(\.value))
  }
}

extension Trial {
  /// Adds its row, or replaces it.
  ///
  /// - Throws: `SQLiteError`.
  func write(to database: SQLite) throws { try database.replace(in: "trial", columns) }
}
