/// Random values for tests: our own generator, so that failures can be replayed.
package struct TestRandom {
  private var state: UInt64

  package init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

  /// Any word.
  package mutating func word() -> UInt32 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt32(truncatingIfNeeded: state >> 33) ^ UInt32(truncatingIfNeeded: state >> 40)
  }

  /// An integer in `range`.
  package mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(word() % UInt32(range.count))
  }

  /// Values whose sums are all inexact: signs and exponents mixed.
  package mutating func floats(_ count: Int) -> [Float] {
    (0..<count).map { _ in
      let magnitude = Float(
        sign: .plus, exponent: integer(-5...1), significand: 1 + Float(word() & 0x7f_ffff) * 0x1p-23)
      return word() & 1 == 0 ? magnitude : -magnitude
    }
  }
}
