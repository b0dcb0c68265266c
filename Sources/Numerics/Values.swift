// Loops over many values, for callers that a quick build does not optimise.

extension Elementary {
  /// The sigmoid of every value.
  package static func sigmoid(_ values: [Float]) -> [Float] { values.map { sigmoid($0) } }
}

extension [Float] {
  /// The index of the first infinity or NaN, if there is one.
  package var firstNotFinite: Int? { firstIndex { !$0.isFinite } }
}
