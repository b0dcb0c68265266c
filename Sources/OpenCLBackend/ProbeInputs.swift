import Numerics

/// The inputs of the probe: the same on every machine, from the contract's generator and from lists of known difficult
/// values.
enum ProbeInputs {
  /// Number of triples that a trap is tested on: more if a device may be wrong only occasionally.
  static func count(_ trap: ProbeTrap) -> Int { trap == .division || trap == .squareRoot ? 4096 : 64 }

  /// Random word number `index`.
  static func word(_ index: Int, stream: UInt32) -> UInt32 {
    Philox4x32.words(key: 0x5eed, counter: SIMD4(stream, 0, 0, UInt32(index / 4)))[index % 4]
  }

  /// A random value with one of these exponents and either sign.
  static func value(_ index: Int, stream: UInt32, exponents: ClosedRange<Int>) -> Float {
    let word = word(2 * index, stream: stream)
    let choice = Self.word(2 * index + 1, stream: stream)
    let exponent = exponents.lowerBound + Int(choice % UInt32(exponents.count))
    let magnitude = Float(sign: .plus, exponent: exponent, significand: 1 + Float(word >> 9) * 0x1p-23)
    return choice >> 31 == 0 ? magnitude : -magnitude
  }

  /// The inputs of an arithmetic trap.
  static func triples(_ trap: ProbeTrap) -> [SIMD3<Float>] {
    let stream = UInt32(trap.number)
    return (0..<count(trap)).map { i in
      func value(_ k: Int, _ exponents: ClosedRange<Int>) -> Float {
        Self.value(3 * i + k, stream: stream, exponents: exponents)
      }
      switch trap {
      case .fma where i % 4 == 2:
        // Denormal addends and results, and a denormal factor.
        return i % 8 == 2
          ? SIMD3(value(0, -70 ... -62), value(1, -70 ... -62), value(2, -149 ... -124))
          : SIMD3(value(0, -149 ... -127), value(1, -3...12), value(2, -140 ... -124))
      case .contraction, .fma:
        // The rounded product and the addend cancel: a fused product leaves its rounding error, an unfused one zero.
        let (a, b) = (value(0, -3...3), value(1, -3...3))
        return SIMD3(a, b, i % 4 == 3 ? value(2, -9...9) : -(a * b))
      case .denormals:
        // Denormal results, denormal operands, and results that just round up to normal numbers.
        return i % 2 == 0
          ? SIMD3(value(0, -100 ... -70), value(1, -60 ... -40), 0)
          : SIMD3(value(0, -148 ... -126), value(1, -2...40), 0)
      case .addition:
        // Denormal operands, and normal ones whose difference is a denormal.
        return i % 2 == 0
          ? SIMD3(value(0, -149 ... -127), value(1, -149 ... -124), 0)
          : SIMD3(value(0, -126 ... -125).magnitude, -value(1, -126 ... -125).magnitude, 0)
      case .division:
        if i < special.count * special.count {
          return SIMD3(special[i % special.count], special[i / special.count], 0)
        }
        // Normal quotients, and denormal ones.
        return i % 2 == 0
          ? SIMD3(value(0, -80...60), value(1, -60...60), 0)
          : SIMD3(value(0, -149 ... -60), value(1, 0...90), 0)
      case .squareRoot:
        return SIMD3(i < special.count ? special[i] : value(0, -149...127).magnitude, 0, 0)
      case .zeros, .zeroFactors:
        let zeros: [Float] = [0, -0.0, 1, -1, 0x1p-149, -0x1p-149, 0x1p-126, -0x1p-126]
        return SIMD3(zeros[i % 8], zeros[i / 8], i % 3 == 0 ? 3 : -3)
      case .selection:
        return SIMD3(special[i % 8], special[i / 8], special[(i * 3 + 1) % 8])
      case .functions, .conversions, .random, .sums: return .zero
      }
    }
  }

  /// Zeros, infinities, NaN and the smallest denormals.
  private static let special: [Float] = [0, -0.0, 1, -.infinity, .infinity, .nan, 0x1p-149, -0x1p-149]

  /// Values around which functions switch formulas, and random bit patterns.
  static let awkward: [Float] = {
    let edges: [Float] = [
      0, 0x1p-149, 0x1.8p-130, 0x1p-126, 0x1p-64, 0x1p-30, 0x1p-12, 0.125, 0.25, 0.5, 0.625, 0.6249999, 0.75,
      0.99999994, 1, 1.0000001, 1.5, 2, 9.011, 10, 17.33, 31.9, 32, 32.000004, 88.72283, 88.7229, 89, 103.972,
      104.5, 105, 1000, 0x1p20, 0x1.fffffep127, .infinity,
    ]
    let random = (0..<(192 - 2 * edges.count - 1)).map { Float(bitPattern: word($0, stream: 80)) }
    return edges + edges.map { -$0 } + [.nan] + random
  }()
}
