/// The elementary functions of the contract: our own, the same bits in Swift and in OpenCL C.
///
/// Each is a range reduction and a polynomial in `fma`, with `+ − × ÷ √`, comparisons, selections and integer
/// operations only. `Kernels/elementary.cl` repeats them line by line. Denormals are honoured on both sides.
/// The polynomials are minimax fits whose coefficients were rounded to binary32 one after another, the rest
/// being refitted each time. The errors stated were measured over all 2³² inputs against double precision,
/// in units in the last place (ULP) of the exact result;
/// PoCL and Intel's runtime gave the same bits as Swift for all 2³². NaN gives NaN; its payload is not specified.
///
/// Determinism: lane ℓ of a result depends on lane ℓ of the argument only.
public enum Elementary {
  /// `eˣ`.
  ///
  /// Formula: x = n·ln 2 + r with |r| ≤ ½ ln 2; eˣ = 2ⁿ·(1 + (r + r²·q(r))), q of degree 4.
  /// Source: Cody & Waite's reduction in two parts, the second kept separate until the last sum.
  /// Range: all. Overflows to +∞ above 88.7228, gradually underflows to 0 below −103.972.
  /// Maximum error: 0.877 ULP.
  @inlinable @inline(__always)
  public static func exp(_ x: Lanes) -> Lanes {
    let parts = exponential(x)
    return scaled(parts.high, parts.exponent)
  }

  /// `ln x`.
  ///
  /// Formula: x = 2ᵉ·(1 + f) with ¾ ≤ 1 + f < 1½; ln x = e·ln 2 + f + f²·p(f), p of degree 8.
  /// Source: Cody & Waite's split of ln 2, with the rounding error of e·ln 2 + f carried along.
  /// Range: all. ln 0 = −∞, ln of a negative number is NaN, ln ∞ = ∞; denormals are exact inputs.
  /// Maximum error: 0.960 ULP.
  @inlinable @inline(__always)
  public static func log(_ x: Lanes) -> Lanes {
    let isTiny = x .< 0x1p-126
    let normal = choose(isTiny, x * 0x1p23, x)
    // Subtracting the bits of ¾ makes the exponent field count from ¾ instead of from 1.
    let exponent = (normal.integers &- 0x3f40_0000) &>> 23
    let f = Lanes(integers: normal.integers &- (exponent &<< 23)) - 1
    let e = Lanes(exponent) - choose(isTiny, 23, Lanes(repeating: 0))
    // e·0x1.62e4p-1 is exact: fifteen bits times eight.
    let product = e * 0x1.62e4p-1
    let high = product + f
    let low = f - (high - product)
    let tail = fma(e, 0x1.7f7d1cp-20, f * f * logarithmTail(f))
    var result = high + (low + tail)
    result = choose(x .== 0, -.infinity, result)
    result = choose(x .< 0, .nan, result)
    // Infinity and NaN, which have no exponent to extract, pass through.
    return choose(x .< .infinity, result, x)
  }

  /// `√x`, correctly rounded by IEEE 754: at most 0.5 ULP.
  @inlinable @inline(__always)
  public static func squareRoot(_ x: Lanes) -> Lanes { x.squareRoot() }

  /// `(sin 2πu, cos 2πu)`.
  ///
  /// Formula: u = k/4 + r with |r| ≤ ⅛ (exact); sin 2πr = r·(2π + S(r²)), cos 2πr = 1 + r²·C(r²), both of
  /// degree 3; k mod 4 swaps and negates.
  /// Range: |u| ≤ 2²⁰, used on [0, 1); outside it the result is deterministic but meaningless.
  /// Maximum error over |u| ≤ 2²⁰: 0.872 ULP (sine; 1.05 below 2⁻²⁴, where denormals occur), 0.875 ULP (cosine).
  @inlinable @inline(__always)
  public static func sinCosTwoPi(_ u: Lanes) -> (sin: Lanes, cos: Lanes) {
    let shifted = fma(u, 4, 0x1.8p23)
    let quadrant = shifted.words
    let r = fma(shifted - 0x1.8p23, -0.25, u)
    let z = r * r
    var s = fma(z, -0x1.2d793ap+6, 0x1.465e16p+6)
    s = fma(s, z, -0x1.4abbb8p+5)
    s = fma(s, z, -0x1.a33060p-23)
    let sine = fma(r, 0x1.921fb6p+2, r * s)
    var c = fma(z, 0x1.d4f446p+5, -0x1.55b2b2p+6)
    c = fma(c, z, 0x1.03c1b0p+6)
    c = fma(c, z, -0x1.3bd3ccp+4)
    let cosine = fma(c, z, 1)
    let isOdd = 0 &- (quadrant & 1)
    let sineSign = (quadrant & 2) &<< 30
    let cosineSign = ((quadrant &+ 1) & 2) &<< 30
    return (
      Lanes(words: choose(bits: isOdd, cosine, sine).words ^ sineSign),
      Lanes(words: choose(bits: isOdd, sine, cosine).words ^ cosineSign)
    )
  }
}

extension Elementary {
  /// `eˣ` before its scaling: 2^`exponent` × (`high` + `low`), where `low` is the rounding error of `high`.
  @inlinable @inline(__always)
  static func exponential(_ x: Lanes) -> (high: Lanes, low: Lanes, exponent: SIMD8<Int32>) {
    var x = choose(x .> 89, 89, x)
    x = choose(x .< -105, -105, x)
    // Adding 1.5 × 2²³ rounds to an integer, which then sits in the low bits.
    let shifted = fma(x, 0x1.715476p0, 0x1.8p23)
    let n = shifted - 0x1.8p23
    let exponent = shifted.integers &- 0x4b40_0000
    // Exact: cancellation leaves at most 24 bits.
    let coarse = fma(n, -0x1.62e430p-1, x)
    let remainder = n * 0x1.05c610p-29
    let r = coarse + remainder
    var q = fma(r, 0x1.6a492ep-10, 0x1.12399ep-7)
    q = fma(q, r, 0x1.5558b4p-5)
    q = fma(q, r, 0x1.555492p-3)
    q = fma(q, r, 0x1.fffffcp-2)
    let w = coarse + fma(r * r, q, remainder)
    let high = w + 1
    return (high, w - (high - 1), exponent)
  }

  /// `x·2ⁿ` for −252 ≤ n ≤ 254, rounded once: the first factor cannot underflow.
  @inlinable @inline(__always)
  static func scaled(_ x: Lanes, _ n: SIMD8<Int32>) -> Lanes {
    let half = n &>> 1
    let first = Lanes(integers: (half &+ 127) &<< 23)
    let second = Lanes(integers: (n &- half &+ 127) &<< 23)
    return x * first * second
  }

  /// `(ln(1 + f) − f) / f²` for −¼ ≤ f ≤ ½, the polynomial of every logarithm here.
  @inlinable @inline(__always)
  static func logarithmTail(_ f: Lanes) -> Lanes {
    var p = fma(f, -0x1.71e324p-5, 0x1.acf4a6p-4)
    p = fma(p, f, -0x1.0d98f0p-3)
    p = fma(p, f, 0x1.28807ap-3)
    p = fma(p, f, -0x1.54ed96p-3)
    p = fma(p, f, 0x1.99699ep-3)
    p = fma(p, f, -0x1.00004ap-2)
    p = fma(p, f, 0x1.5555a4p-2)
    return fma(p, f, -0.5)
  }
}
