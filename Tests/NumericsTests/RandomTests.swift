import Foundation
import Numerics
import Testing

@Suite("Random numbers")
struct RandomTests {
  static let known: [(SIMD4<UInt32>, UInt64, SIMD4<UInt32>)] = [
    (SIMD4(repeating: 0), 0, SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
    (
      SIMD4(repeating: .max), .max, SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
    ),
    (
      SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), 0x299f_31d0_a409_3822,
      SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
    ),
  ]

  @Test("Random123's known answers", arguments: known)
  func knownAnswers(_ counter: SIMD4<UInt32>, _ key: UInt64, _ expected: SIMD4<UInt32>) {
    #expect(Philox4x32.words(key: key, counter: counter) == expected)
    let lanes = Philox4x32.words(
      key: key, WordLanes(repeating: counter[0]), WordLanes(repeating: counter[1]),
      WordLanes(repeating: counter[2]), WordLanes(repeating: counter[3]))
    #expect(SIMD4(lanes.0[5], lanes.1[5], lanes.2[5], lanes.3[5]) == expected)
  }

  @Test("eight counters at once give the words of each")
  func lanes() {
    var words = Words(seed: 11)
    for _ in 0..<1_000 {
      let c = (words.wordLanes(), words.wordLanes(), words.wordLanes(), words.wordLanes())
      let key = UInt64(words.next()) << 32 | UInt64(words.next())
      let all = Philox4x32.words(key: key, c.0, c.1, c.2, c.3)
      for lane in 0..<8 {
        let one = Philox4x32.words(key: key, counter: SIMD4(c.0[lane], c.1[lane], c.2[lane], c.3[lane]))
        #expect(SIMD4(all.0[lane], all.1[lane], all.2[lane], all.3[lane]) == one, "key \(key), lane \(lane)")
      }
    }
  }

  @Test("the raw values of the streams are part of the contract")
  func streams() {
    let expected: [RandomStream: UInt32] = [
      .initialisation: 1, .shuffle: 2, .split: 3, .noise: 4, .dropout: 5, .reparameterization: 6,
      .evaluationNoise: 7, .evaluationReparameterization: 8, .analysis: 9, .binarisation: 10,
      .fixedBinarisation: 11,
    ]
    for stream in RandomStream.allCases { #expect(expected[stream] == stream.rawValue) }
    #expect(RandomStream.dropout.word(layer: 3) == 0x503)
    #expect(RandomStream.noise.counter(epoch: 2, sample: 9, quad: 7) == SIMD4(0x400, 2, 9, 7))
    let block = Philox4x32.words(key: 42, counter: SIMD4(0x400, 2, 9, 7))
    #expect(RandomStream.noise.element(seed: 42, epoch: 2, sample: 9, element: 30) == block[2])
  }

  @Test("an order has every sample once, by the words of their first elements")
  func order() {
    let samples: [UInt32] = [70, 3, 9, 250, 12]
    let order = RandomStream.shuffle.order(samples, seed: 42, epoch: 2)
    let words = order.map { Philox4x32.words(key: 42, counter: SIMD4(0x200, 2, $0, 0))[0] }
    #expect(order.sorted() == samples.sorted() && words == words.sorted())
  }

  @Test("uniform numbers: bounds, mean and variance")
  func uniform() {
    #expect(RandomVariates.uniform(UInt32(0)) == 0)
    #expect(RandomVariates.uniform(UInt32.max) == 1 - 0x1p-24)
    var words = Words(seed: 3)
    var (sum, squares) = (0.0, 0.0)
    let count = 200_000
    for _ in 0..<count / 8 {
      let w = words.wordLanes()
      let u = RandomVariates.uniform(w)
      for lane in 0..<8 {
        #expect(same(u[lane], RandomVariates.uniform(w[lane])))
        sum += Double(u[lane])
        squares += Double(u[lane]) * Double(u[lane])
      }
    }
    let mean = sum / Double(count)
    #expect(abs(mean - 0.5) < 0.003)
    #expect(abs(squares / Double(count) - mean * mean - 1 / 12.0) < 0.002)
  }

  @Test("normal numbers: Box & Muller in double, moments, extremes")
  func normal() {
    var words = Words(seed: 4)
    var moments = [0.0, 0.0, 0.0, 0.0]
    let count = 200_000
    for _ in 0..<count / 16 {
      let (even, odd) = (words.wordLanes(), words.wordLanes())
      let pair = RandomVariates.normalPair(even, odd)
      for lane in 0..<8 {
        let alone = RandomVariates.normalPair(even[lane], odd[lane])
        #expect(same(alone.even, pair.even[lane]) && same(alone.odd, pair.odd[lane]))
        let u1 = Double((even[lane] >> 8) + 1) * 0x1p-24
        let u2 = Double(odd[lane] >> 8) * 0x1p-24
        let r = (-2 * log(u1)).squareRoot()
        #expect(abs(Double(pair.even[lane]) - r * cos(2 * .pi * u2)) < 2e-6)
        #expect(abs(Double(pair.odd[lane]) - r * sin(2 * .pi * u2)) < 2e-6)
        for value in [Double(pair.even[lane]), Double(pair.odd[lane])] {
          for power in 0..<4 { moments[power] += pow(value, Double(power + 1)) / Double(count) }
        }
      }
    }
    #expect(abs(moments[0]) < 0.01 && abs(moments[1] - 1) < 0.015)
    #expect(abs(moments[2]) < 0.03 && abs(moments[3] - 3) < 0.1)
    let extreme = RandomVariates.normalPair(UInt32(0), UInt32(0))
    #expect(abs(extreme.even - 5.768108) < 1e-5 && extreme.odd == 0)
    let none = RandomVariates.normalPair(UInt32.max, UInt32(0x1234_5678))
    #expect(none.even == 0 && none.odd == 0)
  }

  @Test("a sample's normal numbers, by hand: words in pairs, four to a counter")
  func normalsOfASample() {
    let stream = RandomStream.evaluationReparameterization
    let words = (0..<2).flatMap { quad in
      let four = Philox4x32.words(
        key: 21, counter: stream.counter(epoch: 4, sample: 9, quad: UInt32(quad)))
      return [four[0], four[1], four[2], four[3]]
    }
    let pairs = [0, 2, 4].map { RandomVariates.normalPair(words[$0], words[$0 + 1]) }
    let expected = [pairs[0].even, pairs[0].odd, pairs[1].even, pairs[1].odd, pairs[2].even]
    #expect(stream.normals(seed: 21, epoch: 4, sample: 9, count: 5) == expected)
  }
}
