import Numerics

/// Twelve accumulators of eight lanes: 4 small channels × 3 taps.
struct WeightTile {
  var a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2: Lanes

  @inline(__always) init() {
    let zero = Lanes(repeating: 0)
    (a0, a1, a2, b0, b1, b2) = (zero, zero, zero, zero, zero, zero)
    (c0, c1, c2, d0, d1, d2) = (zero, zero, zero, zero, zero, zero)
  }

  /// Eight images: rows a…d of `s`, taps 0…2 of `x`.
  @inline(__always) mutating func add(
    _ sa: Lanes, _ sb: Lanes, _ sc: Lanes, _ sd: Lanes, _ x0: Lanes, _ x1: Lanes, _ x2: Lanes
  ) {
    a0 = fma(sa, x0, a0)
    a1 = fma(sa, x1, a1)
    a2 = fma(sa, x2, a2)
    b0 = fma(sb, x0, b0)
    b1 = fma(sb, x1, b1)
    b2 = fma(sb, x2, b2)
    c0 = fma(sc, x0, c0)
    c1 = fma(sc, x1, c1)
    c2 = fma(sc, x2, c2)
    d0 = fma(sd, x0, d0)
    d1 = fma(sd, x1, d1)
    d2 = fma(sd, x2, d2)
  }
}

/// Joins the lanes of up to three taps and stores four small channels each (`there` of them exist).
///
/// Out of line: horizontal sums next to a hot loop make it spill.
@inline(never) func storeLaneSums(
  _ tile: borrowing WeightTile,
  _ outputs: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>),
  taps: Int, there: Int
) {
  storeFour(joined(tile.a0, tile.b0, tile.c0, tile.d0), outputs.0, there)
  if taps > 1 { storeFour(joined(tile.a1, tile.b1, tile.c1, tile.d1), outputs.1, there) }
  if taps > 2 { storeFour(joined(tile.a2, tile.b2, tile.c2, tile.d2), outputs.2, there) }
}

@inline(__always) private func joined(_ a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes) -> SIMD4<Float> {
  Summation.joinLanes4(a, b, c, d) + SIMD4(repeating: 0)
}

@inline(__always) private func storeFour(
  _ sums: SIMD4<Float>, _ output: UnsafeMutablePointer<Float>, _ there: Int
) {
  if there == 4 {
    UnsafeMutableRawPointer(output).assumingMemoryBound(to: SIMD4<Float>.self).pointee = sums
  } else {
    var i = 0
    while i < there {
      output[i] = sums[i]
      i += 1
    }
  }
}
