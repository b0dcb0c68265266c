/// An export that is not possible.
package struct InterchangeError: Error, CustomStringConvertible, Hashable {
  /// The message, in one line.
  package let description: String

  init(_ description: String) { self.description = description }
}
