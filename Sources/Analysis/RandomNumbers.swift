import Numerics

/// Random numbers in double precision for computations on codes, drawn one after another from their own stream.
///
/// Philox with the seed as key, and as counter: `RandomStream.analysis` with the purpose, 0, the sequence's number and
/// the block. Two 32-bit words make one number. Draws for one purpose never affect another.
package struct RandomNumbers: Sendable {
  /// What the numbers are for. The raw values never change.
  package enum Purpose: Int, CaseIterable, Sendable {
    /// t-SNE.
    case embedding = 1
    /// The pairs and points that a measure uses.
    case measure = 2
    /// The start of a mixture's fit.
    case mixture = 3
    /// Codes drawn from a density.
    case codes = 4
    /// Anything else.
    case other = 5
  }

  private let seed: UInt64
  private let stream: UInt32
  private let sequence: UInt32
  private var block: UInt32 = 0
  private var words = SIMD4<UInt32>()
  private var isHalfUsed = false

  /// Sequence number `sequence` (0 for the only one) for a purpose.
  package init(seed: UInt64, _ purpose: Purpose, sequence: UInt32 = 0) {
    self.seed = seed
    self.stream = RandomStream.analysis.word(layer: purpose.rawValue)
    self.sequence = sequence
  }

  /// 64 random bits. A sequence has 2³³ of them.
  package mutating func bits() -> UInt64 {
    if isHalfUsed {
      isHalfUsed = false
      return UInt64(words[3]) << 32 | UInt64(words[2])
    }
    words = Philox4x32.words(key: seed, counter: SIMD4(stream, 0, sequence, block))
    block += 1
    isHalfUsed = true
    return UInt64(words[1]) << 32 | UInt64(words[0])
  }

  /// A number uniform on (0, 1): `(k + ½) × 2⁻⁵²` with k the upper 52 of 64 bits.
  package mutating func uniform() -> Double { (Double(bits() >> 12) + 0.5) * 0x1p-52 }

  /// A standard normal number: the normal quantile of a uniform one; at most 8.2 in magnitude.
  package mutating func normal() -> Double { Elementary.normalQuantile(uniform()) }

  /// An integer from 0 to `count` − 1, each equally likely up to 2⁻⁶⁴ · `count`; `count` is at least 1.
  package mutating func index(below count: Int) -> Int {
    precondition(count > 0, "RandomNumbers: an index below \(count)")
    return Int(bits().multipliedFullWidth(by: UInt64(count)).high)
  }

  /// `count` different numbers below `total`, ascending; at most all of them.
  ///
  /// Every set is equally likely (Floyd's algorithm).
  package mutating func sample(_ count: Int, below total: Int) -> [Int] {
    guard count < total else { return Array(0..<total) }
    var chosen = [Bool](repeating: false, count: total)
    for last in total - count..<total {
      let drawn = index(below: last + 1)
      chosen[chosen[drawn] ? last : drawn] = true
    }
    return chosen.indices.filter { chosen[$0] }
  }
}
