import Kernels
import Numerics

/// Something that a device could get wrong. The number is that of `PROBE_…` in `probe.cl`.
enum ProbeTrap: String, CaseIterable, Sendable {
  case contraction, fma, denormals, addition, division, squareRoot, zeros, zeroFactors, selection, functions,
    conversions, random, sums

  var number: Int32 {
    switch self {
    case .contraction: 1
    case .fma: 2
    case .denormals: 3
    case .division: 4
    case .squareRoot: 5
    case .zeros: 6
    case .selection: 7
    case .functions: 8
    case .conversions: 9
    case .random: 10
    case .sums: 11
    case .addition: 12
    case .zeroFactors: 13
    }
  }

  /// The trap's tests, with the contract's results.
  var tests: [ProbeTest] {
    switch self {
    case .contraction, .fma, .denormals, .addition, .division, .squareRoot, .zeros, .zeroFactors, .selection:
      arithmeticTests
    case .functions: ElementaryFunction.allCases.map(ProbeTest.init(function:))
    case .conversions: [.integers]
    case .random: [.random]
    case .sums: [.sums]
    }
  }

  /// In vectors and as scalars.
  private var arithmeticTests: [ProbeTest] {
    let triples = ProbeInputs.triples(self)
    let expected = triples.map { result($0).bitPattern }
    return [ProbeKernel.arithmetic, .arithmeticScalar].map {
      ProbeTest(kernel: $0, operation: number, floats: triples, expected: expected, areFloats: true)
    }
  }

  private func result(_ t: SIMD3<Float>) -> Float {
    switch self {
    case .contraction: t.x * t.y + t.z
    case .fma: Numerics.fma(t.x, t.y, t.z)
    case .denormals: t.x * t.y
    case .addition: t.x + t.y
    case .division: t.x / t.y
    case .squareRoot: t.x.squareRoot()
    case .zeros: t.x * t.y + 0
    case .zeroFactors: (t.x * t.y + 0) * t.z
    case .selection: t.x > t.y ? t.z : t.y
    case .functions, .conversions, .random, .sums: 0
    }
  }
}

/// One launch of a probe kernel: inputs and expected result words.
struct ProbeTest: Sendable {
  let kernel: ProbeKernel
  let operation: Int32
  /// Up to three values per item.
  let floats: [SIMD3<Float>]
  var integers: [Int32] = []
  let expected: [UInt32]
  let areFloats: Bool

  /// Number of items.
  var count: Int { floats.count }

  /// The inputs of result `index`, for display.
  func inputs(_ index: Int) -> String {
    switch kernel {
    case .arithmetic, .arithmeticScalar:
      let t = floats[index]
      return [t.x, t.y, t.z].map { ProbeFailure.bits($0.bitPattern) }.joined(separator: ", ")
    case .function:
      return
        "\(ElementaryFunction.allCases[Int(operation)]) of \(ProbeFailure.bits(floats[index].x.bitPattern))"
    case .integers: return "item \(index % count) of conversion \(index / count)"
    case .random: return "item \(index % count) of value \(index / count)"
    case .sums: return index == 0 ? "joined lanes" : "tree of \(count) values"
    }
  }
}

extension ProbeTest {
  /// One of our functions on difficult inputs.
  init(function: ElementaryFunction) {
    let inputs = ProbeInputs.awkward
    let expected = inputs.map { x in
      var result = [UInt32](repeating: 0, count: 8)
      Elementary.sweep(function, first: x.bitPattern, count: 1, into: &result)
      return result[0]
    }
    self.init(
      kernel: .function, operation: function.code, floats: inputs.map { SIMD3($0, 0, 0) }, expected: expected,
      areFloats: true)
  }

  /// Integers to floats, floats to integers, shifts.
  static var integers: ProbeTest {
    var whole: [Int32] = [
      0, 1, -1, 255, 16_777_215, 16_777_217, -16_777_219, 33_554_435, .max, .min, 0x4b40_0000, -8, -7, -9,
    ]
    while whole.count < 64 { whole.append(Int32(bitPattern: ProbeInputs.word(whole.count, stream: 90))) }
    let halves: [Float] = (0..<whole.count).map { (i: Int) -> Float in
      let half = Float(i - 30) * 0.5
      return i % 5 == 0 ? half + 8_388_600 : half
    }
    var expected: [UInt32] = whole.map { Float($0).bitPattern }
    expected += halves.map { UInt32(bitPattern: Int32($0.rounded(.toNearestOrEven))) }
    expected += whole.map { UInt32(bitPattern: $0 >> 3) }
    return ProbeTest(
      kernel: .integers, operation: 0, floats: halves.map { SIMD3($0, 0, 0) }, integers: whole,
      expected: expected, areFloats: false)
  }

  static let randomKey: UInt64 = 0x0123_4567_89ab_cdef
  static let randomStream: UInt32 = 0x0401
  static let randomEpoch: UInt32 = 7
  static let randomQuad: UInt32 = 195

  /// Words of the generator, one uniform and two normal numbers.
  static var random: ProbeTest {
    var samples: [UInt32] = [0, 1, 2, 59_999, 0x7fff_ffff, .max]
    while samples.count < 64 { samples.append(ProbeInputs.word(samples.count, stream: 91)) }
    let words: [SIMD4<UInt32>] = samples.map { (sample: UInt32) -> SIMD4<UInt32> in
      Philox4x32.words(key: randomKey, counter: SIMD4(randomStream, randomEpoch, sample, randomQuad))
    }
    var expected: [UInt32] = []
    for place in 0..<4 { expected += words.map { $0[place] } }
    expected += words.map { RandomVariates.uniform($0[2]).bitPattern }
    expected += words.map { RandomVariates.normalPair($0[0], $0[1]).even.bitPattern }
    expected += words.map { RandomVariates.normalPair($0[0], $0[1]).odd.bitPattern }
    return ProbeTest(
      kernel: .random, operation: 0, floats: samples.map { SIMD3(Float(bitPattern: $0), 0, 0) },
      integers: samples.map { Int32(bitPattern: $0) }, expected: expected, areFloats: false)
  }

  /// A join of eight lanes and a tree of 37 values, inexact sums whose bits differ in other orders.
  static var sums: ProbeTest {
    let values = telling()
    var tree = values
    let total = tree.withUnsafeMutableBufferPointer { Summation.chunkTree($0.baseAddress!, count: 37) }
    let joined = Summation.joinLanes(Lanes(values[0..<8]))
    return ProbeTest(
      kernel: .sums, operation: 0, floats: values.map { SIMD3($0, 0, 0) },
      expected: [joined.bitPattern, total.bitPattern], areFloats: true)
  }

  /// Random values for which neither pairing neighbours nor a plain chain gives the bits of the contract's order.
  private static func telling() -> [Float] {
    var stream: UInt32 = 92
    while true {
      let values = (0..<37).map { ProbeInputs.value($0, stream: stream, exponents: -6...6) }
      let l = Lanes(values[0..<8])
      let joined = Summation.joinLanes(l)
      let neighbours = ((l[0] + l[1]) + (l[2] + l[3])) + ((l[4] + l[5]) + (l[6] + l[7]))
      let chain = values[0..<8].reduce(0, +)
      var tree = values
      let total = tree.withUnsafeMutableBufferPointer { Summation.chunkTree($0.baseAddress!, count: 37) }
      if joined != neighbours, joined != chain, total != values.reduce(0, +) { return values }
      stream += 1
    }
  }
}
