import Foundation

/// A connection to a PostgreSQL server; for one thread at a time. A lost connection stays lost: create another.
package final class PostgreSQLConnection {
  private let library: PostgreSQLLibrary
  private let address: PostgreSQLAddress
  private let handle: OpaquePointer

  /// Connects.
  ///
  /// - Throws: `PostgreSQLError`, `SearchError` if there is no libpq.
  package init(_ address: PostgreSQLAddress) throws {
    let library = try PostgreSQLLibrary.shared.get()
    (self.library, self.address) = (library, address)
    let parameters = Self.parameters(address)
    let handle = Self.withTexts(parameters) { library.connect($0, $1, 1) }
    guard let handle else { throw PostgreSQLError(.other, "no memory for a connection") }
    guard library.status(handle) == PostgreSQLLibrary.Code.connectionOK else {
      defer { library.finish(handle) }
      let reason = PostgreSQLError.line(library.errorMessage(handle))
      let answer = Self.withTexts(parameters) { library.ping($0, $1, 1) }
      let isGone = [PostgreSQLLibrary.Code.pingRejects, PostgreSQLLibrary.Code.pingSilent].contains(answer)
      // A server at its limit of connections answers the ping; the wording depends on its language.
      let isFull = ["too many c", "connection slots"].contains { reason.contains($0) }
      throw PostgreSQLError(isGone || isFull ? .gone : .refused, reason)
    }
    self.handle = handle
    // Notices would go to standard error.
    _ = library.setNoticeProcessor(handle, { _, _ in }, nil)
    // Numbers with full precision; and a worker suspended in a transaction must not block others.
    try execute(
      "SET extra_float_digits = 3; SET idle_in_transaction_session_timeout = '30s'; SET statement_timeout = 0"
    )
  }

  deinit { library.finish(handle) }

  /// The parameters in libpq's order: ours before the address, which may override them.
  private static func parameters(_ address: PostgreSQLAddress) -> [(String, String)] {
    var ours = [
      ("fallback_application_name", "facsimile search"), ("keepalives_idle", "30"),
      ("keepalives_interval", "10"), ("keepalives_count", "3"), ("tcp_user_timeout", "60000"),
    ]
    if getenv("PGCONNECT_TIMEOUT") == nil { ours.append(("connect_timeout", "10")) }
    return ours + [("dbname", address.text), ("client_encoding", "UTF8")]
  }

  private static func withTexts<Result>(
    _ pairs: [(String, String)],
    _ body: (PostgreSQLLibrary.Texts, PostgreSQLLibrary.Texts) -> Result
  ) -> Result {
    let (keys, values) = (pairs.map { strdup($0.0) }, pairs.map { strdup($0.1) })
    defer { for text in keys + values { free(text) } }
    return body(
      keys.map { $0.map { UnsafePointer($0) } } + [nil], values.map { $0.map { UnsafePointer($0) } } + [nil])
  }

  /// Runs statements without parameters or results.
  ///
  /// - Throws: `PostgreSQLError`.
  package func execute(_ statements: String) throws {
    let result = library.executeAll(handle, statements)
    defer { library.clear(result) }
    try check(result)
  }

  /// Runs one statement.
  ///
  /// - Parameter values: the values of `$1`, `$2` and so on.
  /// - Returns: its rows; none of a statement that changes something and returns nothing.
  /// - Throws: `PostgreSQLError`.
  @discardableResult
  package func rows(_ statement: String, _ values: [StoredValue] = []) throws -> [StoredRow] {
    let texts = values.map { value -> UnsafeMutablePointer<CChar>? in
      value.parameter.map { strdup($0) } ?? nil
    }
    defer { for text in texts { free(text) } }
    let result = library.execute(
      handle, statement, Int32(values.count), values.map(\.type), texts.map { $0.map { UnsafePointer($0) } },
      nil,
      nil, 0)
    defer { library.clear(result) }
    try check(result)
    let columns = (0..<library.columnCount(result)).map { column in
      (name: String(cString: library.columnName(result, column)!), type: library.columnType(result, column))
    }
    return (0..<library.rowCount(result)).map { row in
      let values = columns.enumerated().map { place, column in
        let isNull = library.isNull(result, row, Int32(place)) != 0
        let text = isNull ? nil : library.value(result, row, Int32(place)).map { String(cString: $0) }
        return (column.name, StoredValue(text, type: column.type))
      }
      return StoredRow(path: address.text, columns: Dictionary(values) { first, _ in first })
    }
  }

  /// The integer returned by a statement with one row and one column; nil for NULL.
  ///
  /// - Throws: `PostgreSQLError`, `SearchError`.
  func integer(_ statement: String, _ values: [StoredValue] = []) throws -> Int? {
    guard let row = try rows(statement, values).first, let name = row.columns.keys.first else { return nil }
    return try row.optional(name)
  }

  /// Runs `body` in a transaction, which is rolled back if it throws.
  ///
  /// - Throws: `PostgreSQLError`, or what `body` throws.
  func transaction<Value>(_ body: (PostgreSQLConnection) throws -> Value) throws -> Value {
    // Whatever the server's default is: statements see what others have committed before them.
    try execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    do {
      let value = try body(self)
      try execute("COMMIT")
      return value
    } catch {
      try? execute("ROLLBACK")
      throw error
    }
  }

  private func check(_ result: OpaquePointer?) throws {
    let status = library.resultStatus(result)
    if status == PostgreSQLLibrary.Code.commandOK || status == PostgreSQLLibrary.Code.rowsOK { return }
    let state =
      library.resultErrorField(result, PostgreSQLLibrary.Code.state).map { String(cString: $0) } ?? ""
    let isLost = library.status(handle) != PostgreSQLLibrary.Code.connectionOK
    let message = result == nil ? library.errorMessage(handle) : library.resultErrorMessage(result)
    throw PostgreSQLError(isLost ? .gone : PostgreSQLError.kind(state), PostgreSQLError.line(message))
  }
}

/// Why a connection or statement failed.
struct PostgreSQLError: Error, CustomStringConvertible {
  enum Kind {
    /// The server cannot be reached, at least not now.
    case gone
    /// The server is reachable and refuses the connection.
    case refused
    /// The transaction conflicted with another, and may be repeated at once.
    case again
    /// Anything else.
    case other
  }

  let kind: Kind
  /// One line: the server's or libpq's message.
  let description: String

  init(_ kind: Kind, _ description: String) { (self.kind, self.description) = (kind, description) }

  /// The kind of an error with this SQLSTATE.
  static func kind(_ state: String) -> Kind {
    // Without a state it is libpq's own error: sending or receiving failed.
    if state.isEmpty { return .gone }
    // Serialization failures and deadlocks; a server that shuts down, starts, is full, or a replica not yet promoted.
    if ["40001", "40P01"].contains(state) { return .again }
    return state.hasPrefix("08") || ["57P01", "57P02", "57P03", "53300", "25006"].contains(state)
      ? .gone : .other
  }

  /// A message in one line.
  static func line(_ text: UnsafePointer<CChar>?) -> String {
    let lines = text.map { String(cString: $0).split(whereSeparator: \.isNewline) } ?? []
    return lines.map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
  }
}

extension StoredValue {
  /// Its text as a parameter; nil for NULL.
  fileprivate var parameter: String? {
    switch self {
    case .null: nil
    case .integer(let number): "\(number)"
    case .real(let number): number.isNaN ? nil : "\(number)"
    case .text(let text): text
    }
  }

  /// The OID of its type; 0 lets the server infer it.
  fileprivate var type: UInt32 {
    switch self {
    case .null: 0
    case .integer: OID.bigint
    case .real: OID.double
    case .text: OID.text
    }
  }

  /// The value of a result.
  fileprivate init(_ text: String?, type: UInt32) {
    guard let text else {
      self = .null
      return
    }
    switch type {
    case OID.bigint, OID.integer: self = Int(text).map(Self.integer) ?? .text(text)
    case OID.double: self = Double(text).map(Self.real) ?? .text(text)
    default: self = .text(text)
    }
  }
}

/// Types of columns; the numbers are fixed in PostgreSQL's catalogue.
private enum OID {
  static let bigint: UInt32 = 20
  static let integer: UInt32 = 23
  static let text: UInt32 = 25
  static let double: UInt32 = 701
}
