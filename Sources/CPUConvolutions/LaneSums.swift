import CPUKernels
import Numerics

/// Twelve accumulators: 4 rows of small channels × 3 taps. A row is one channel; with AVX-512 it is two, four
/// channels apart, eight lanes each.
struct WeightTile {
  var a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2: Vector

  @inline(__always) init() {
    let zero = Vector(repeating: 0)
    (a0, a1, a2, b0, b1, b2) = (zero, zero, zero, zero, zero, zero)
    (c0, c1, c2, d0, d1, d2) = (zero, zero, zero, zero, zero, zero)
  }

  /// Eight images: the rows of `s`, taps 0…2 of `x`.
  @inline(__always) mutating func add(
    _ s: Images, _ channels: WeightChannels, _ x0: Images, _ x1: Images, _ x2: Images
  ) {
    add(
      channels.row(s, 0, channels.e), channels.row(s, channels.b, channels.f),
      channels.row(s, channels.c, channels.g), channels.row(s, channels.d, channels.h), x0, x1, x2)
  }

  /// Eight images: four rows, and three taps.
  @inline(__always) mutating func add(
    _ sa: Vector, _ sb: Vector, _ sc: Vector, _ sd: Vector, _ x0: Images, _ x1: Images, _ x2: Images
  ) {
    let (x0, x1, x2) = (tap(x0), tap(x1), tap(x2))
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

/// Offsets of a weight tile's small channels from the first one, in vectors of eight images.
struct WeightChannels {
  let b, c, d, e, f, g, h: Int

  /// A whole tile.
  @inline(__always) init() { (b, c, d, e, f, g, h) = (2, 4, 6, 8, 10, 12, 14) }

  /// A tile of which `there` channels exist; the others repeat the last one, and their sums are not stored.
  @inline(__always) init(there: Int) {
    let end = 2 * (there - 1)
    (b, c, d) = (minimum(2, end), minimum(4, end), minimum(6, end))
    (e, f, g, h) = (minimum(8, end), minimum(10, end), minimum(12, end), minimum(14, end))
  }

  @inline(__always) func row(_ s: Images, _ first: Int, _ second: Int) -> Vector {
    #if WIDE
      Vector(lowHalf: s[first], highHalf: s[second])
    #else
      s[first]
    #endif
  }
}

@inline(__always) private func tap(_ x: Images) -> Vector {
  #if WIDE
    Vector(lowHalf: x.pointee, highHalf: x.pointee)
  #else
    x.pointee
  #endif
}

/// Joins the lanes of up to three taps and stores `there` small channels each, those after the first four at `next`.
///
/// Not inlined: horizontal sums next to a hot loop make it spill registers.
@inline(never) func storeLaneSums(
  _ tile: UnsafePointer<WeightTile>,
  _ outputs: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>),
  taps: Int, there: Int, next: Int
) {
  let tile = tile.pointee
  store(tile.a0, tile.b0, tile.c0, tile.d0, outputs.0, there, next)
  if taps > 1 { store(tile.a1, tile.b1, tile.c1, tile.d1, outputs.1, there, next) }
  if taps > 2 { store(tile.a2, tile.b2, tile.c2, tile.d2, outputs.2, there, next) }
}

#if !WIDE
  /// The same for two big channels of one tap.
  @inline(never) func storePair(
    _ tile: UnsafePointer<PairTile>, _ output: UnsafeMutablePointer<Float>, _ there: Int
  ) {
    let tile = tile.pointee
    storeFour(tile.a0, tile.b0, tile.c0, tile.d0, output, there)
    storeFour(tile.a1, tile.b1, tile.c1, tile.d1, output + 4, there)
  }
#endif

@inline(__always) private func store(
  _ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector, _ output: UnsafeMutablePointer<Float>, _ there: Int,
  _ next: Int
) {
  #if WIDE
    storeFour(a.lowHalf, b.lowHalf, c.lowHalf, d.lowHalf, output, there)
    if there > 4 { storeFour(a.highHalf, b.highHalf, c.highHalf, d.highHalf, output + next, there - 4) }
  #else
    storeFour(a, b, c, d, output, there)
  #endif
}

@inline(__always) private func storeFour(
  _ a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes, _ output: UnsafeMutablePointer<Float>, _ there: Int
) {
  let sums = Summation.joinLanes4(a, b, c, d) + SIMD4(repeating: 0)
  if there >= 4 {
    UnsafeMutableRawPointer(output).assumingMemoryBound(to: SIMD4<Float>.self).pointee = sums
  } else {
    var i = 0
    while i < there {
      output[i] = sums[i]
      i += 1
    }
  }
}
