import Numerics

extension Convolutions {
  // Twelve independent chains of vectors: latency (4 or 5 cycles) × 2 units needs ten, and sixteen registers hold
  // twelve accumulators and two factors. The best of several rounds, since disturbances only make it slower.
  public static func measurePeak() -> Double {
    let (rounds, taps) = (15, 400_000)
    let clock = ContinuousClock()
    var best = Duration.seconds(3600)
    for round in 0..<rounds {
      let began = clock.now
      let sum = fmaChains(taps, factor: 0.999_999 - Float(round) * 1e-9)
      let taken = began.duration(to: clock.now)
      // An unused sum would be optimised away.
      if sum == 0 { return 0 }
      if taken < best { best = taken }
    }
    let seconds = Double(best.components.seconds) + Double(best.components.attoseconds) * 1e-18
    return Double(taps) * 12 * Double(Vector.scalarCount) * 2 / seconds
  }
}

/// One tap for each of twelve chains, `count` times.
@inline(never)
private func fmaChains(_ count: Int, factor: Float) -> Float {
  let (x, y) = (Vector(repeating: factor), Vector(repeating: 1e-3))
  var (a0, a1, a2, a3, a4, a5) = (y, y + y, x, x + y, x - y, y * y)
  var (b0, b1, b2, b3, b4, b5) = (x * y, x * x, x + x, y - x, x + 3, y + 3)
  var left = count
  repeat {
    a0 = fma(a0, x, y)
    a1 = fma(a1, x, y)
    a2 = fma(a2, x, y)
    a3 = fma(a3, x, y)
    a4 = fma(a4, x, y)
    a5 = fma(a5, x, y)
    b0 = fma(b0, x, y)
    b1 = fma(b1, x, y)
    b2 = fma(b2, x, y)
    b3 = fma(b3, x, y)
    b4 = fma(b4, x, y)
    b5 = fma(b5, x, y)
    left -= 1
  } while left > 0
  let sum = ((a0 + a1) + (a2 + a3)) + ((a4 + a5) + (b0 + b1)) + ((b2 + b3) + (b4 + b5))
  return sum[0] + sum[7]
}
