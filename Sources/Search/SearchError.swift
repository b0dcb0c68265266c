/// Why a search cannot begin, or cannot go on.
package struct SearchError: Error, CustomStringConvertible, Hashable, Sendable {
  /// What kind of thing is wrong.
  package enum Kind: Hashable, Sendable {
    /// The space, or what is asked of it, is impossible.
    case space
    /// The storage is in use, is that of another search, or cannot be used.
    case storage
  }

  /// What kind of thing is wrong.
  package let kind: Kind
  /// One clear line.
  package let description: String

  /// An error of `kind` that reads `message`.
  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    description = message
  }
}
