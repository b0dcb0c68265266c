/// Why a search cannot start or continue.
package struct SearchError: Error, CustomStringConvertible, Hashable, Sendable {
  /// The kind of error.
  package enum Kind: Hashable, Sendable {
    /// The space or its options are invalid.
    case space
    /// The name of the storage is invalid: its scheme is unknown, or it holds a password.
    case address
    /// The storage is in use, belongs to another search, or cannot be used.
    case storage
  }

  /// The kind of error.
  package let kind: Kind
  /// The message, in one line.
  package let description: String

  /// An error of `kind` that reads `message`.
  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    description = message
  }
}
