/// Numbers of given distributions from random words, by the contract's formulas.
public enum RandomVariates {
  /// A number uniform on [0, 1): `(w >> 8) × 2⁻²⁴`, exact.
  @inlinable @inline(__always)
  public static func uniform(_ word: UInt32) -> Float { Float(word &>> 8) * 0x1p-24 }

  /// Eight numbers uniform on [0, 1), one for each word.
  @inlinable @inline(__always)
  public static func uniform(_ words: WordLanes) -> Lanes {
    // Through signed integers, which processors convert in one instruction; 24 bits are never negative.
    Lanes(SIMD8<Int32>(truncatingIfNeeded: words &>> 8)) * 0x1p-24
  }

  /// Two independent standard normal numbers (Box & Muller), elements 2j and 2j + 1.
  ///
  /// `u₁ = ((wEven >> 8) + 1) × 2⁻²⁴`, `u₂ = (wOdd >> 8) × 2⁻²⁴`, `r = √(−2 ln u₁)`: `r·cos 2πu₂`, `r·sin 2πu₂`.
  /// Their magnitude is at most 5.77.
  @inlinable @inline(__always)
  public static func normalPair(_ wEven: WordLanes, _ wOdd: WordLanes) -> (even: Lanes, odd: Lanes) {
    let u1 = Lanes(SIMD8<Int32>(truncatingIfNeeded: (wEven &>> 8) &+ 1)) * 0x1p-24
    let r = Elementary.squareRoot(Elementary.log(u1) * -2)
    let angle = Elementary.sinCosTwoPi(uniform(wOdd))
    return (r * angle.cos, r * angle.sin)
  }

  /// Two independent standard normal numbers from two words; see the vector function.
  @inlinable @inline(__always)
  public static func normalPair(_ wEven: UInt32, _ wOdd: UInt32) -> (even: Float, odd: Float) {
    let pair = normalPair(WordLanes(repeating: wEven), WordLanes(repeating: wOdd))
    return (pair.even[0], pair.odd[0])
  }
}

extension RandomStream {
  /// The standard normal numbers for the first `count` elements of a sample, for code that is not hot.
  public func normals(seed: UInt64, epoch: UInt32 = 0, sample: UInt32, count: Int) -> [Float] {
    let pairs = stride(from: UInt32(0), to: UInt32(count), by: 2).map { first in
      RandomVariates.normalPair(
        element(seed: seed, epoch: epoch, sample: sample, element: first),
        element(seed: seed, epoch: epoch, sample: sample, element: first + 1))
    }
    return Array(pairs.flatMap { [$0.even, $0.odd] }.prefix(count))
  }
}
