/// The counter-based generator Philox 4×32 with 10 rounds.
///
/// Source: Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC11); checked against
/// the known answers of Random123. A word is a pure function of key and counter: no state, no order.
public enum Philox4x32 {
  /// The four words of one counter.
  ///
  /// The key's low half is the first key word, its high half the second.
  @inlinable @inline(__always)
  public static func words(key: UInt64, counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var c = counter
    var k0 = UInt32(truncatingIfNeeded: key)
    var k1 = UInt32(truncatingIfNeeded: key &>> 32)
    var round = 0
    while round < 10 {
      let p0 = UInt64(c[0]) &* 0xd251_1f53
      let p1 = UInt64(c[2]) &* 0xcd9e_8d57
      c = SIMD4(
        UInt32(truncatingIfNeeded: p1 &>> 32) ^ c[1] ^ k0, UInt32(truncatingIfNeeded: p1),
        UInt32(truncatingIfNeeded: p0 &>> 32) ^ c[3] ^ k1, UInt32(truncatingIfNeeded: p0))
      k0 &+= 0x9e37_79b9
      k1 &+= 0xbb67_ae85
      round += 1
    }
    return c
  }

  /// The four words of eight counters, one per lane.
  @inlinable @inline(__always)
  public static func words(
    key: UInt64, _ counter0: WordLanes, _ counter1: WordLanes, _ counter2: WordLanes, _ counter3: WordLanes
  ) -> (WordLanes, WordLanes, WordLanes, WordLanes) {
    var (c0, c1, c2, c3) = (counter0, counter1, counter2, counter3)
    var k0 = UInt32(truncatingIfNeeded: key)
    var k1 = UInt32(truncatingIfNeeded: key &>> 32)
    var round = 0
    while round < 10 {
      let p0 = product(c0, 0xd251_1f53)
      let p1 = product(c2, 0xcd9e_8d57)
      (c0, c1, c2, c3) = (p1.high ^ c1 ^ k0, p1.low, p0.high ^ c3 ^ k1, p0.low)
      k0 &+= 0x9e37_79b9
      k1 &+= 0xbb67_ae85
      round += 1
    }
    return (c0, c1, c2, c3)
  }

  /// The 64-bit products of eight words and a constant, in halves.
  @inlinable @inline(__always)
  static func product(_ a: WordLanes, _ b: UInt64) -> (high: WordLanes, low: WordLanes) {
    let wide = SIMD8<UInt64>(truncatingIfNeeded: a) &* SIMD8(repeating: b)
    return (WordLanes(truncatingIfNeeded: wide &>> 32), WordLanes(truncatingIfNeeded: wide))
  }
}
