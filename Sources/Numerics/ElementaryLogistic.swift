extension Elementary {
  /// The logistic function `1 / (1 + e⁻ˣ)`.
  ///
  /// Formula: t = e^−|x|; (x < 0 ? t : 1) ÷ (1 + t), then one Newton step with the rounding errors of t and
  /// of 1 + t, which the plain quotient would carry into the result.
  /// Range: all. 0 at −∞, gradually underflowing as eˣ; 1 from 17.33 on.
  /// Maximum error: 0.899 ULP.
  @inlinable @inline(__always)
  public static func sigmoid(_ x: Lanes) -> Lanes {
    let t = decay(x)
    let divisor = t.high + 1
    let divisorLow = (t.high - (divisor - 1)) + t.low
    let isNegative = x .< 0
    let dividend = choose(isNegative, t.high, Lanes(repeating: 1))
    let dividendLow = choose(isNegative, t.low, Lanes(repeating: 0))
    let reciprocal = 1 / divisor
    let quotient = dividend * reciprocal
    let negative = quotient.negated
    let residual = fma(negative, divisorLow, fma(negative, divisor, dividend)) + dividendLow
    return fma(residual, reciprocal, quotient)
  }

  /// The hyperbolic tangent.
  ///
  /// Formula: |x| < 0.625: x + x³·P(x²), P of degree 4; else, by the sign of x, 1 − 2 ÷ (e^2|x| + 1) with
  /// the rounding errors of the divisor and of the last difference added back.
  /// Range: all. Exactly odd; ±1 from 9.011 on; tanh x = x where x² underflows.
  /// Maximum error: 0.773 ULP.
  @inlinable @inline(__always)
  public static func tanh(_ x: Lanes) -> Lanes {
    let size = x.magnitudes
    let z = size * size
    var p = fma(z, -0x1.750ce2p-8, 0x1.51f8cep-6)
    p = fma(p, z, -0x1.b835a4p-5)
    p = fma(p, z, 0x1.1106f6p-3)
    p = fma(p, z, -0x1.555532p-2)
    let near = fma(size * z, p, size)

    let limited = choose(size .> 10, 10, size)
    let parts = exponential(limited + limited)
    let scale = Lanes(integers: (parts.exponent &+ 127) &<< 23)
    let growth = parts.high * scale
    let divisor = growth + 1
    let divisorLow = fma(parts.low, scale, 1 - (divisor - growth))
    let reciprocal = 1 / divisor
    let negative = reciprocal.negated
    let residual = fma(negative, divisorLow, fma(negative, divisor, 1))
    let twice = reciprocal + reciprocal
    let high = 1 - twice
    let far = high + fma(twice.negated, residual, (1 - high) - twice)
    return Lanes(words: choose(size .< 0.625, near, far).words | (x.words & 0x8000_0000))
  }

  /// `ln(1 + eˣ)`, the smooth maximum of x and 0.
  ///
  /// Formula: max(x, 0) + ln(1 + e^−|x|), the sum with its rounding error added back.
  /// Range: all; gradually underflows as eˣ; x itself above 32.
  /// Maximum error: 0.962 ULP.
  @inlinable @inline(__always)
  public static func softplus(_ x: Lanes) -> Lanes {
    let tail = logarithmOfOnePlusDecay(x)
    let positive = choose(x .> 0, x, Lanes(repeating: 0))
    let sum = positive + tail.high
    // Knuth's two-sum, since either of the two may be larger.
    let shadow = sum - positive
    let error = (positive - (sum - shadow)) + (tail.high - shadow)
    return choose(x .> 32, x, sum + (error + tail.low))
  }

  /// `ln(1 + e^−|x|)`: what separates `softplus` from max(x, 0), and the stable part of cross-entropy.
  ///
  /// Formula: t = e^−|x|; t ≤ ½: f = t, else f = (t − 1)/2 and ln 2 is added; f + f²·p(f) with the polynomial
  /// of `log`, and the rounding error of t.
  /// Range: all; even; between 0 and ln 2.
  /// Maximum error: 0.962 ULP.
  @inlinable @inline(__always)
  public static func softplusTail(_ x: Lanes) -> Lanes {
    let tail = logarithmOfOnePlusDecay(x)
    return tail.high + tail.low
  }

  /// `e^−|x|` and its rounding error.
  @inlinable @inline(__always)
  static func decay(_ x: Lanes) -> (high: Lanes, low: Lanes) {
    let parts = exponential(Lanes(words: x.words | 0x8000_0000))
    return (scaled(parts.high, parts.exponent), scaled(parts.low, parts.exponent))
  }

  /// `ln(1 + e^−|x|)` as a sum of two, not yet rounded to one number.
  @inlinable @inline(__always)
  static func logarithmOfOnePlusDecay(_ x: Lanes) -> (high: Lanes, low: Lanes) {
    let t = decay(x)
    let isLarge = t.high .> 0.5
    let f = choose(isLarge, (t.high - 1) * 0.5, t.high)
    let base = choose(isLarge, 0x1.62e4p-1, Lanes(repeating: 0))
    let baseLow = choose(isLarge, 0x1.7f7d1cp-20, Lanes(repeating: 0))
    let high = base + f
    let low = f - (high - base)
    // 1 − t/2 approximates the derivative of ln(1 + t) well enough to correct a last bit.
    let repair = fma(t.high * -0.5, t.low, t.low)
    return (high, low + fma(f * f, logarithmTail(f), baseLow + repair))
  }
}
