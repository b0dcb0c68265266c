import Pictures

extension Numerals {
  /// `99.12 %`
  static func percent(_ share: Double) -> String { "\(fixed(100 * share, 2)) %" }

  /// `12,345`
  static func count(_ value: Int) -> String { fixed(Double(value), 0) }
}
