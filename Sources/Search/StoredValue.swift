import Storage

/// A value of a column or a statement parameter, of either database.
package enum StoredValue: Equatable, Sendable {
  case null
  /// A whole number.
  case integer(Int)
  /// A number; NaN becomes NULL.
  case real(Double)
  /// Text; bytes that are not UTF-8 are replaced.
  case text(String)

  /// A number, or NULL for nil.
  init(_ number: Double?) { self = number.map(Self.real) ?? .null }

  /// Text, or NULL for nil.
  init(_ text: String?) { self = text.map(Self.text) ?? .null }

  /// A text that is unique for the value, as read back from a column.
  var canonical: String {
    switch self {
    case .null: "null"
    case .integer(let number): "integer \(number)"
    case .real(let number): number.isNaN ? "null" : "real \((number == 0 ? 0 : number).bitPattern)"
    case .text(let text): "text \(text)"
    }
  }
}

/// A type that a column can be read as.
package protocol StoredReadable {
  /// nil if a value of another type is in the column.
  init?(_ value: StoredValue)
}

extension Int: StoredReadable {
  package init?(_ value: StoredValue) {
    guard case .integer(let number) = value else { return nil }
    self = number
  }
}

extension Double: StoredReadable {
  package init?(_ value: StoredValue) {
    switch value {
    case .real(let number): self = number
    case .integer(let number): self.init(number)
    case .null, .text: return nil
    }
  }
}

extension String: StoredReadable {
  package init?(_ value: StoredValue) {
    guard case .text(let text) = value else { return nil }
    self = text
  }
}

/// A result row.
package struct StoredRow: Sendable {
  /// The file or address it comes from, for errors.
  let path: String
  /// Values by the columns' names.
  package let columns: [String: StoredValue]

  /// The value of a column; nil for NULL.
  ///
  /// - Throws: `SearchError` if there is no such column, or a value of another type in it.
  package func optional<Value: StoredReadable>(_ name: String) throws -> Value? {
    guard let value = columns[name] else { throw damage("it has no column \(name)") }
    if value == .null { return nil }
    guard let result = Value(value) else { throw damage("its column \(name) holds \(value)") }
    return result
  }

  /// The value of a column that is never NULL.
  ///
  /// - Throws: `SearchError` if there is no such column, or NULL or a value of another type in it.
  package func value<Value: StoredReadable>(_ name: String) throws -> Value {
    guard let value: Value = try optional(name) else {
      throw damage("its column \(name) holds NULL")
    }
    return value
  }

  /// SHA-256 over all columns but `sha256` (and the row's place), sorted by name.
  var contentSHA256: String {
    let values = columns.filter { $0.key != "sha256" && $0.key != "place" }.sorted { $0.key < $1.key }
    let texts = values.flatMap { [$0.key, $0.value.canonical] }.map { "\($0.utf8.count):\($0)" }
    return Fingerprint.hex(of: Array(texts.joined().utf8))
  }

  /// The columns, with their hash as another one.
  var hashed: [String: StoredValue] { columns.merging(["sha256": .text(contentSHA256)]) { $1 } }

  /// Checks that the row is as it was written.
  ///
  /// - Throws: `SearchError`.
  func requireWhole(_ what: String) throws {
    guard try value("sha256") == contentSHA256 else {
      throw damage("\(what) is not what was written")
    }
  }

  /// The error for a row that others changed.
  private func damage(_ message: String) -> SearchError {
    SearchError(.storage, "\(path) is damaged: \(message)")
  }
}
