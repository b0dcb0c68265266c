import Foundation
import Numerics
import Testing

#if DEBUG
  private let sampleCount = 1 << 14
#else
  private let sampleCount = 1 << 20
#endif

/// The function in double precision, from the C library.
private func exact(_ function: ElementaryFunction, _ x: Double) -> Double {
  switch function {
  case .exp: return Foundation.exp(x)
  case .log: return Foundation.log(x)
  case .sigmoid: return x < 0 ? Foundation.exp(x) / (1 + Foundation.exp(x)) : 1 / (1 + Foundation.exp(-x))
  case .tanh: return Foundation.tanh(x)
  case .softplus: return max(x, 0) + log1p(Foundation.exp(-abs(x)))
  case .softplusTail: return log1p(Foundation.exp(-abs(x)))
  case .sineTwoPi: return turn(x).sin
  case .cosineTwoPi: return turn(x).cos
  case .squareRoot: return x.squareRoot()
  case .reciprocal: return 1 / x
  }
}

/// Sine and cosine of 2πx with an exact reduction, so that double precision is enough near their zeros.
private func turn(_ x: Double) -> (sin: Double, cos: Double) {
  let quarters = (4 * x).rounded(.toNearestOrEven)
  let rest = (x - quarters / 4) * 2 * Double.pi
  let (s, c) = (Foundation.sin(rest), Foundation.cos(rest))
  switch Int(quarters) & 3 {
  case 0: return (s, c)
  case 1: return (c, -s)
  case 2: return (-s, -c)
  default: return (-c, s)
  }
}

private func value(_ function: ElementaryFunction, _ x: Lanes) -> Lanes {
  switch function {
  case .exp: return Elementary.exp(x)
  case .log: return Elementary.log(x)
  case .sigmoid: return Elementary.sigmoid(x)
  case .tanh: return Elementary.tanh(x)
  case .softplus: return Elementary.softplus(x)
  case .softplusTail: return Elementary.softplusTail(x)
  case .sineTwoPi: return Elementary.sinCosTwoPi(x).sin
  case .cosineTwoPi: return Elementary.sinCosTwoPi(x).cos
  case .squareRoot: return Elementary.squareRoot(x)
  case .reciprocal: return 1 / x
  }
}

/// A useful input: any bit pattern, or one from the range where the function is not constant.
private func input(_ function: ElementaryFunction, _ words: inout Words, _ index: Int) -> Float {
  let word = words.next()
  switch function {
  case .sineTwoPi, .cosineTwoPi:
    return index % 4 == 0 ? Float(bitPattern: word >> 2) : Float(word >> 8) * 0x1p-24
  case .log, .squareRoot, .reciprocal: return Float(bitPattern: word)
  default:
    return index % 2 == 0 ? Float(bitPattern: word) : (Float(word) * 0x1p-31 - 1) * 110
  }
}

@Suite("Elementary functions")
struct ElementaryTests {
  @Test("at most 1 ULP from double precision, sampled", arguments: ElementaryFunction.allCases)
  func accuracy(_ function: ElementaryFunction) {
    var words = Words(seed: 0x5eed + UInt64(function.code))
    var worst = (error: 0.0, input: Float(0), output: Float(0))
    for index in stride(from: 0, to: sampleCount, by: 8) {
      var x = Lanes()
      for lane in 0..<8 { x[lane] = input(function, &words, index + lane) }
      let y = value(function, x)
      for lane in 0..<8 {
        let expected = exact(function, Double(x[lane]))
        let rounded = Float(expected)
        guard rounded.isFinite && y[lane].isFinite else {
          #expect(
            same(rounded, y[lane]),
            "\(function)(\(show(x[lane]))) is \(show(y[lane])), expected \(show(rounded))")
          continue
        }
        let error = ulps(y[lane], expected)
        if error > worst.error { worst = (error, x[lane], y[lane]) }
      }
    }
    #expect(
      worst.error <= 1,
      "\(function)(\(show(worst.input))) is \(show(worst.output)): \(worst.error) ULP, seed \(words.seed)")
  }

  @Test("a number alone gives the bits of a lane")
  func scalarEqualsLane() {
    let pairs: [(ElementaryFunction, (Float) -> Float)] = [
      (.exp, { Elementary.exp($0) }), (.log, { Elementary.log($0) }), (.sigmoid, { Elementary.sigmoid($0) }),
    ]
    var words = Words(seed: 7)
    for (function, alone) in pairs {
      for _ in 0..<500 {
        let x = Lanes(words: words.wordLanes())
        let y = value(function, x)
        for lane in 0..<8 {
          let one = alone(x[lane])
          #expect(
            same(y[lane], one), "\(function)(\(show(x[lane]))): lane \(show(y[lane])), alone \(show(one))")
        }
      }
    }
  }

  static let awkward: [(ElementaryFunction, Float, Float)] = [
    (.exp, 0, 1), (.exp, -0.0, 1), (.exp, .infinity, .infinity), (.exp, -.infinity, 0), (.exp, .nan, .nan),
    (.exp, 88.72283, 0x1.ffff08p127), (.exp, 88.72284, .infinity), (.exp, -103.97207, 0x1p-149),
    (.exp, -103.97209, 0), (.exp, 0x1p-149, 1),
    (.log, 1, 0), (.log, 0, -.infinity), (.log, -0.0, -.infinity), (.log, -1, .nan), (.log, -.infinity, .nan),
    (.log, .infinity, .infinity), (.log, .nan, .nan), (.log, 0x1p-149, -103.27893), (.log, -0x1p-149, .nan),
    (.sigmoid, 0, 0.5), (.sigmoid, .infinity, 1), (.sigmoid, -.infinity, 0), (.sigmoid, .nan, .nan),
    (.sigmoid, 20, 1), (.sigmoid, -103.97207, 0x1p-149), (.sigmoid, -110, 0),
    (.tanh, 0, 0), (.tanh, -0.0, -0.0), (.tanh, .infinity, 1), (.tanh, -.infinity, -1), (.tanh, .nan, .nan),
    (.tanh, 0x1p-149, 0x1p-149), (.tanh, -9.02, -1),
    (.softplus, .infinity, .infinity), (.softplus, -.infinity, 0), (.softplus, .nan, .nan),
    (.softplus, 0, 0.6931472), (.softplus, 1e30, 1e30), (.softplus, -103.97207, 0x1p-149),
    (.softplusTail, 0, 0.6931472), (.softplusTail, .infinity, 0), (.softplusTail, .nan, .nan),
    (.sineTwoPi, 0, 0), (.sineTwoPi, 0.25, 1), (.sineTwoPi, 0.5, -0.0), (.sineTwoPi, 0.75, -1),
    (.cosineTwoPi, 0, 1), (.cosineTwoPi, 0.25, -0.0), (.cosineTwoPi, 0.5, -1), (.cosineTwoPi, 0.75, 0),
  ]

  @Test("the ends of the ranges, zeros, infinities and NaN", arguments: awkward)
  func special(_ function: ElementaryFunction, _ x: Float, _ expected: Float) {
    let y = value(function, Lanes(repeating: x))[3]
    #expect(same(y, expected), "\(function)(\(show(x))) is \(show(y)), expected \(show(expected))")
  }

  @Test("tanh is odd; sigmoid does not fall")
  func shapes() {
    var previous: Float = 0
    for step in -20_000...20_000 {
      let x = Float(step) * 0x1p-10
      #expect(same(value(.tanh, lanes(-x))[0], -value(.tanh, lanes(x))[0]), "tanh at \(x)")
      let y = Elementary.sigmoid(x)
      #expect(y >= previous, "sigmoid falls at \(x)")
      previous = y
    }
  }

  // FNV-1a over the bits of 2^19 results, eight for each of 2^16 upper halves of the input; NaN in one bit pattern.
  static let golden: [(ElementaryFunction, UInt64)] = [
    (.exp, 0xc76c_ec4d_c37d_d56b), (.log, 0xa9eb_5d80_46d0_1edf),
    (.sigmoid, 0x2216_9509_bdb7_ba79), (.tanh, 0x9855_de2b_1f32_1cbc),
    (.softplus, 0x52a3_9e82_a05d_ba28), (.softplusTail, 0x1f88_f6ad_703d_d00d),
    (.sineTwoPi, 0x929c_35c1_0838_4bc9), (.cosineTwoPi, 0xb376_7571_8ab4_815c),
    (.squareRoot, 0x5308_6fb0_b958_058f), (.reciprocal, 0xd184_525c_6ae6_62d5),
  ]

  @Test("not a bit of version 1 has changed", arguments: golden)
  func unchanged(_ function: ElementaryFunction, _ expected: UInt64) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var bits = [UInt32](repeating: 0, count: 8)
    for upper in UInt32(0)...0xffff {
      Elementary.sweep(function, first: upper << 16 | (upper ^ 0x5a5a), count: 8, into: &bits)
      for word in bits {
        let canonical = word & 0x7fff_ffff > 0x7f80_0000 ? 0x7fc0_0000 : word
        hash = (hash ^ UInt64(canonical)) &* 0x100_0000_01b3
      }
    }
    #expect(hash == expected, "\(function): 0x\(String(hash, radix: 16))")
  }

  @Test("a sweep writes what the function gives, across the end of the bit patterns")
  func sweep() {
    let first: UInt32 = 0xffff_fff0
    for function in ElementaryFunction.allCases {
      var bits = [UInt32](repeating: 0, count: 32)
      Elementary.sweep(function, first: first, count: 32, into: &bits)
      for index in 0..<32 {
        let x = Float(bitPattern: first &+ UInt32(index))
        #expect(
          same(Float(bitPattern: bits[index]), value(function, lanes(x))[0]), "\(function) of \(show(x))")
      }
    }
  }
}
