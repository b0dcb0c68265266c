/// Why a search cannot begin, or cannot go on.
public struct SearchError: Error, CustomStringConvertible, Hashable, Sendable {
  /// What kind of thing is wrong.
  public enum Kind: Hashable, Sendable {
    /// The space, or what is asked of it, is impossible.
    case space
    /// The storage is in use, is that of another search, or cannot be used.
    case storage
  }

  /// What kind of thing is wrong.
  public let kind: Kind
  /// One clear line.
  public let description: String

  /// An error of `kind` that reads `message`.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    description = message
  }
}
