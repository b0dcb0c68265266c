import CSQLite

/// A value of a column or a statement parameter.
package enum SQLiteValue: Equatable, Sendable {
  case null
  /// A whole number.
  case integer(Int)
  /// A number; one that is not a number becomes NULL.
  case real(Double)
  /// Text; bytes that are no UTF-8 are replaced.
  case text(String)

  /// A number, or NULL for nil.
  init(_ number: Double?) { self = number.map(Self.real) ?? .null }

  /// Text, or NULL for nil.
  init(_ text: String?) { self = text.map(Self.text) ?? .null }

  /// The value of a column in the current row of `statement`.
  init(_ statement: OpaquePointer?, _ column: Int32) {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_NULL: self = .null
    case SQLITE_INTEGER: self = .integer(Int(sqlite3_column_int64(statement, column)))
    case SQLITE_FLOAT: self = .real(sqlite3_column_double(statement, column))
    default:
      // Text, and bytes read as text. The length belongs to what the call before it made.
      let start = sqlite3_column_text(statement, column)
      let count = Int(sqlite3_column_bytes(statement, column))
      self = .text(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
    }
  }

  /// A text that is unique for the value, as read back from a column.
  var canonical: String {
    switch self {
    case .null: "null"
    case .integer(let number): "integer \(number)"
    case .real(let number): number.isNaN ? "null" : "real \((number == 0 ? 0 : number).bitPattern)"
    case .text(let text): "text \(text)"
    }
  }

  /// Binds it to a parameter, from 1; returns SQLite's result code.
  func bind(to statement: OpaquePointer?, at index: Int32) -> Int32 {
    switch self {
    case .null: return sqlite3_bind_null(statement, index)
    case .integer(let value): return sqlite3_bind_int64(statement, index, Int64(value))
    case .real(let value): return sqlite3_bind_double(statement, index, value)
    case .text(var value):
      // Minus one has SQLite make a copy of its own.
      let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
      return value.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) {
          sqlite3_bind_text64(statement, index, $0.baseAddress, UInt64($0.count), copied, UInt8(SQLITE_UTF8))
        }
      }
    }
  }
}

/// A type that a column can be read as.
package protocol SQLiteReadable {
  /// nil if a value of another type is in the column.
  init?(_ value: SQLiteValue)
}

extension Int: SQLiteReadable {
  package init?(_ value: SQLiteValue) {
    guard case .integer(let number) = value else { return nil }
    self = number
  }
}

extension Double: SQLiteReadable {
  package init?(_ value: SQLiteValue) {
    switch value {
    case .real(let number): self = number
    case .integer(let number): self.init(number)
    case .null, .text: return nil
    }
  }
}

extension String: SQLiteReadable {
  package init?(_ value: SQLiteValue) {
    guard case .text(let text) = value else { return nil }
    self = text
  }
}

/// A result row.
package struct SQLiteRow: Sendable {
  /// The file it comes from, for errors.
  let path: String
  /// Values by the columns' names.
  package let columns: [String: SQLiteValue]

  /// The value of a column; nil for NULL.
  ///
  /// - Throws: `SQLiteError` if there is no such column, or a value of another type in it.
  package func optional<Value: SQLiteReadable>(_ name: String) throws -> Value? {
    guard let value = columns[name] else { throw SQLiteError(path, "it has no column \(name)") }
    if value == .null { return nil }
    guard let result = Value(value) else { throw SQLiteError(path, "its column \(name) holds \(value)") }
    return result
  }

  /// The value of a column that is never NULL.
  ///
  /// - Throws: `SQLiteError` if there is no such column, or NULL or a value of another type in it.
  package func value<Value: SQLiteReadable>(_ name: String) throws -> Value {
    guard let value: Value = try optional(name) else {
      throw SQLiteError(path, "its column \(name) holds NULL")
    }
    return value
  }
}
