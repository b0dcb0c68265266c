import Numerics

/// Random words for tests, from Philox itself: word `index` of `seed`. A failing test prints both.
struct Words {
  let seed: UInt64
  private var block = SIMD4<UInt32>()
  private var index: UInt32 = 0

  init(seed: UInt64) { self.seed = seed }

  mutating func next() -> UInt32 {
    if index % 4 == 0 {
      block = Philox4x32.words(key: seed, counter: SIMD4(0, 0, 0, index / 4))
    }
    defer { index += 1 }
    return block[Int(index % 4)]
  }

  /// A float of either sign with a random exponent from a range, to provoke rounding errors: 2^low ... 2^high.
  mutating func wide(_ low: Int = -20, _ high: Int = 20) -> Float {
    let word = next()
    let exponent = low + Int(next() % UInt32(high - low + 1))
    let size = Float(sign: .plus, exponent: exponent, significand: 1 + Float(word >> 9) * 0x1p-23)
    return word & 1 == 0 ? size : -size
  }

  mutating func wideLanes(_ low: Int = -20, _ high: Int = 20) -> Lanes {
    var lanes = Lanes()
    for lane in 0..<8 { lanes[lane] = wide(low, high) }
    return lanes
  }

  mutating func wordLanes() -> WordLanes {
    var lanes = WordLanes()
    for lane in 0..<8 { lanes[lane] = next() }
    return lanes
  }
}

/// Equal bits, or both NaN: payloads never count.
func same(_ a: Float, _ b: Float) -> Bool { a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN) }

/// A float with its bit pattern, for messages.
func show(_ x: Float) -> String { "\(x) (0x\(String(x.bitPattern, radix: 16)))" }

/// The error of `y` in units in the last place of the exact result.
func ulps(_ y: Float, _ exact: Double) -> Double {
  abs(Double(y) - exact) / Double(Float(exact).magnitude.ulp)
}

/// One number in every lane, for formulas that compute with eight: `Formulas.relu(lanes(x))[0]`.
func lanes(_ x: Float) -> Lanes { Lanes(repeating: x) }
