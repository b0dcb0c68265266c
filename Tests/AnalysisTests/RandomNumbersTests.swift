import Analysis
import Numerics
import Testing

@Suite struct RandomNumbersTests {
  @Test func numbersComeFromPhiloxWithTheirOwnCounter() {
    var numbers = RandomNumbers(seed: 42, .mixture, sequence: 7)
    let first = Philox4x32.words(key: 42, counter: SIMD4(0x903, 0, 7, 0))
    let second = Philox4x32.words(key: 42, counter: SIMD4(0x903, 0, 7, 1))
    #expect(numbers.bits() == UInt64(first[1]) << 32 | UInt64(first[0]))
    #expect(numbers.bits() == UInt64(first[3]) << 32 | UInt64(first[2]))
    #expect(
      numbers.uniform() == (Double((UInt64(second[1]) << 32 | UInt64(second[0])) >> 12) + 0.5) * 0x1p-52)
  }

  @Test func distributionsHaveTheirMoments() {
    var numbers = RandomNumbers(seed: 1, .other)
    let count = 100_000
    let uniform = (0..<count).map { _ in numbers.uniform() }
    let normal = (0..<count).map { _ in numbers.normal() }
    let mean = uniform.reduce(0, +) / Double(count)
    let normalMean = normal.reduce(0, +) / Double(count)
    let variance = normal.reduce(0) { $0 + $1 * $1 } / Double(count)
    let fourth = normal.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(count)
    #expect(abs(mean - 0.5) < 0.004 && uniform.allSatisfy { 0 < $0 && $0 < 1 })
    #expect(abs(normalMean) < 0.013 && abs(variance - 1) < 0.02 && abs(fourth - 3) < 0.15)
  }

  @Test func samplesAreDifferentAndEquallyLikely() {
    var numbers = RandomNumbers(seed: 3, .measure)
    var counts = [Int](repeating: 0, count: 10)
    for _ in 0..<10_000 {
      let sample = numbers.sample(3, below: 10)
      #expect(sample.count == 3 && sample == sample.sorted() && Set(sample).count == 3)
      for index in sample { counts[index] += 1 }
    }
    #expect(counts.allSatisfy { abs($0 - 3_000) < 250 }, "\(counts)")
    #expect(numbers.sample(12, below: 10) == Array(0..<10))
    #expect((0..<1_000).allSatisfy { _ in (0..<7).contains(numbers.index(below: 7)) })
  }
}
