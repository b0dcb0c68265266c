import CPUKernels
import CSystem
import Numerics

/// Eight accumulators: four channels, or four pixels, of two vectors of images. Each lane is one plain chain.
struct Tile {
  var a0, a1, b0, b1, c0, c1, d0, d1: Vector

  /// Chains that start from one value for each of the four.
  @inline(__always) init(_ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector) {
    (a0, a1, b0, b1, c0, c1, d0, d1) = (a, a, b, b, c, c, d, d)
  }

  /// Chains that continue from the values in `output`: `count` elements from `place` on, `step` vectors apart.
  @inline(__always) mutating func resume(
    _ output: MutableVectors, _ place: Int, _ other: Int, step: Int, count: Int
  ) {
    (a0, a1) = (output[place], output[place + other])
    if count > 1 { (b0, b1) = (output[place + step], output[place + step + other]) }
    if count > 2 { (c0, c1) = (output[place + 2 * step], output[place + 2 * step + other]) }
    if count > 3 { (d0, d1) = (output[place + 3 * step], output[place + 3 * step + other]) }
  }

  /// One tap for four channels: `x[0]` and `x[other]` are the two vectors, weights are `w[0]`, `w[step]`, `w[2 * step]`,
  /// `w[last]`.
  @inline(__always) mutating func tap(
    _ x: Vectors, _ other: Int, _ w: UnsafePointer<Float>, _ step: Int, last: Int
  ) {
    let (low, high) = (x[0], x[other])
    let (wa, wb) = (Vector(repeating: w[0]), Vector(repeating: w[step]))
    let (wc, wd) = (Vector(repeating: w[2 * step]), Vector(repeating: w[last]))
    a0 = fma(low, wa, a0)
    a1 = fma(high, wa, a1)
    b0 = fma(low, wb, b0)
    b1 = fma(high, wb, b1)
    c0 = fma(low, wc, c0)
    c1 = fma(high, wc, c1)
    d0 = fma(low, wd, d0)
    d1 = fma(high, wd, d1)
  }

  /// `count` taps whose elements and weights are contiguous: weights `[tap][4]`.
  @inline(__always) mutating func taps(_ x: Vectors, _ other: Int, _ w: UnsafePointer<Float>, _ count: Int) {
    var (x, w, left) = (x, w, count)
    repeat {
      tap(x, other, w, 1, last: 3)
      x += span
      w += 4
      left -= 1
    } while left > 0
  }

  /// The same for many taps, four at a time, while the next tile's weights, `next` further, come into the cache: those of
  /// a wide layer lie pages apart, where no processor looks ahead by itself.
  @inline(__always) mutating func manyTaps(
    _ x: Vectors, _ other: Int, _ w: UnsafePointer<Float>, _ count: Int, next: Int
  ) {
    var (x, w, left) = (x, w, count)
    while left >= 4 {
      facsimile_prefetch(w + next)
      tap(x, other, w, 1, last: 3)
      tap(x + span, other, w + 4, 1, last: 3)
      tap(x + 2 * span, other, w + 8, 1, last: 3)
      tap(x + 3 * span, other, w + 12, 1, last: 3)
      x += 4 * span
      w += 16
      left -= 4
    }
    if left > 0 { taps(x, other, w, left) }
  }
}

extension Epilogue {
  /// The value a chain of `channel` starts from.
  @inline(__always) func start(_ channel: Int) -> Vector {
    if let bias { Vector(repeating: bias[channel]) } else { Vector(repeating: 0) }
  }

  /// Ends the chains of a tile's element at `index` and `index + other`, and stores them. Functions other than
  /// selections are applied row by row: see ``finish(_:_:_:pixels:step:channels:)``.
  @inline(__always) func store(
    _ output: MutableVectors, _ index: Int, _ other: Int, _ low: Vector, _ high: Vector
  ) {
    let zero = Vector(repeating: 0)
    var (a, b) = (low + zero, high + zero)
    if let mask {
      let mask = vectors(mask)
      a = Formulas.reluMask(a, result: mask[index], scale: scale)
      b = Formulas.reluMask(b, result: mask[index + other], scale: scale)
    } else if function == .relu {
      a = Formulas.relu(a)
      b = Formulas.relu(b)
    }
    output[index] = a
    output[index + other] = b
  }

  /// Applies a non-linear function to a finished row: `channels` elements at each of `pixels` places from `first` on,
  /// `step` vectors apart. Separate from the chains, where it would wait for each result and make them spill.
  @inline(__always) func finish(
    _ output: MutableVectors, _ first: Int, _ other: Int, pixels: Int, step: Int, channels: Int
  ) {
    if function == .identity || function == .relu { return }
    curveRow(lanes(output + first), pixels: pixels, step: step * 2 / span, vectors: 2 * channels, function)
    // A block that is its own partner is already done.
    if span == 1, other != 0 {
      curveRow(lanes(output + first + other), pixels: pixels, step: step * 2, vectors: 2 * channels, function)
    }
  }
}

@inline(__always) private func lanes(_ vectors: MutableVectors) -> MutableImages {
  UnsafeMutableRawPointer(vectors).assumingMemoryBound(to: Lanes.self)
}
