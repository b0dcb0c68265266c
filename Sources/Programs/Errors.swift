/// An invalid model, shape or configuration: names operation, argument, expected and actual value.
public struct ProgramError: Error, CustomStringConvertible, Hashable, Sendable {
  /// The message, in one line.
  public let description: String

  /// An error that reads `operation: message`.
  package init(_ operation: String, _ message: String) { description = "\(operation): \(message)" }
}

/// Throws a ``ProgramError`` unless `condition` holds.
func require(_ condition: Bool, _ operation: String, _ message: @autoclosure () -> String) throws {
  if !condition { throw ProgramError(operation, message()) }
}
