/// A model, shape or configuration that cannot be: says operation, argument, expected and got.
public struct ProgramError: Error, CustomStringConvertible, Hashable, Sendable {
  /// One clear line.
  public let description: String

  /// An error that reads `operation: message`.
  package init(_ operation: String, _ message: String) { description = "\(operation): \(message)" }
}

/// Throws a ``ProgramError`` unless `condition` holds.
func require(_ condition: Bool, _ operation: String, _ message: @autoclosure () -> String) throws {
  if !condition { throw ProgramError(operation, message()) }
}
