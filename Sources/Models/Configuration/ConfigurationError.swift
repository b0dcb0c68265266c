/// A setting that is unknown or out of range, with what is allowed.
public struct ConfigurationError: Error, CustomStringConvertible, Hashable, Sendable {
  /// The message, in one line.
  public let description: String

  /// An error that reads `message`.
  package init(_ message: String) { description = message }
}
