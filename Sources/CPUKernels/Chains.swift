import Numerics

/// Eight accumulators: 4 channels × 16 images, or 4 pixels × 16 images. Each lane is one plain chain.
struct Tile {
  var a0, a1, b0, b1, c0, c1, d0, d1: Lanes

  /// Chains that start from one value for each of the four.
  @inline(__always) init(_ a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes) {
    (a0, a1, b0, b1, c0, c1, d0, d1) = (a, a, b, b, c, c, d, d)
  }

  /// One tap for four channels: `x` are the two vectors of an element, weights are `w[0]`, `w[step]`, ….
  @inline(__always) mutating func tap(_ x: Images, _ w: UnsafePointer<Float>, _ step: Int) {
    let (low, high) = (x[0], x[1])
    let (wa, wb) = (Lanes(repeating: w[0]), Lanes(repeating: w[step]))
    let (wc, wd) = (Lanes(repeating: w[2 * step]), Lanes(repeating: w[3 * step]))
    a0 = fma(low, wa, a0)
    a1 = fma(high, wa, a1)
    b0 = fma(low, wb, b0)
    b1 = fma(high, wb, b1)
    c0 = fma(low, wc, c0)
    c1 = fma(high, wc, c1)
    d0 = fma(low, wd, d0)
    d1 = fma(high, wd, d1)
  }

  /// `count` taps whose elements and weights lie side by side: weights `[tap][4]`.
  @inline(__always) mutating func taps(_ x: Images, _ w: UnsafePointer<Float>, _ count: Int) {
    var (x, w, left) = (x, w, count)
    repeat {
      tap(x, w, 1)
      x += 2
      w += 4
      left -= 1
    } while left > 0
  }
}
