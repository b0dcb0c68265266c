/// Why something cannot be written for other programs.
package struct InterchangeError: Error, CustomStringConvertible, Hashable {
  /// One clear line.
  package let description: String

  init(_ description: String) { self.description = description }
}
