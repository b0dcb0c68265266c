/// Points that cannot be analysed this way.
package struct AnalysisError: Error, Equatable, CustomStringConvertible {
  /// The message, in one line.
  package let description: String

  package init(_ description: String) { self.description = description }
}
