/// Four binary64 values, one per SIMD lane.
public typealias DoubleLanes = SIMD4<Double>

// Exponential and logarithm in double precision, for computations on the host: embeddings, mixtures, distances. They
// use `+ − × ÷`, selections and integer operations only, without fma, so they have the same bits on every processor,
// however the compiler implements the vectors. The errors stated were measured against 64-bit significands at two
// million random arguments of each kind: all magnitudes, near 1 and where the reduction changes its power of two. NaN
// gives NaN.
extension Elementary {
  /// `eˣ`.
  ///
  /// Formula: x = n·ln 2 + r with |r| ≤ ½ ln 2; eʳ = 1 + r + r·c/(2 − c), c = r − r²·P(r²), P of degree 4; then
  /// two exact powers of two, so that a denormal result is rounded at most once more.
  /// Source: FreeBSD's `e_exp.c` (Remez, |error| < 2⁻⁵⁹), with the rounding error of 1 + r carried to the last sum.
  /// Range: all. Overflows to +∞ above 709.782712893384, gradually underflows to 0 below −745.133219101942.
  /// Maximum error: 0.72 ULP (0.77 where the result is denormal).
  @inlinable @inline(__always)
  public static func exp(_ x: DoubleLanes) -> DoubleLanes {
    var x = choose(x .> 710, 710, x)
    x = choose(x .< -746, -746, x)
    // Adding 1.5 × 2⁵² rounds to an integer, which then sits in the low bits.
    let shifted = x * 0x1.71547652b82fep0 + 0x1.8p52
    let n = shifted - 0x1.8p52
    let exponent = shifted.words &- 0x4338_0000_0000_0000
    // n times the high part of ln 2 is exact: 33 bits times eleven.
    let high = x - n * 0x1.62e42feep-1
    let low = n * 0x1.a39ef35793c76p-33
    let r = high - low
    let z = r * r
    var p = z * 0x1.6376972bea4d0p-25 - 0x1.bbd41c5d26bf1p-20
    p = p * z + 0x1.1566aaf25de2cp-14
    p = p * z - 0x1.6c16c16bebd93p-9
    p = p * z + 0x1.555555555553ep-3
    let c = r - p * z
    let one = 1 + high
    let lost = high - (one - 1)
    let result = one + (lost + (r * c / (2 - c) - low))
    // Each factor takes half of the exponent, the first rounded down: it cannot underflow. Unsigned, since vectors of
    // 64-bit integers have no arithmetic shift.
    let half = ((exponent &+ 2_048) &>> 1) &- 1_024
    let first = DoubleLanes(words: (half &+ 1_023) &<< 52)
    let second = DoubleLanes(words: (exponent &- half &+ 1_023) &<< 52)
    return result * first * second
  }

  /// `ln x`.
  ///
  /// Formula: x = 2ᵉ·(1 + f) with ½√2 ≤ 1 + f < √2; s = f/(2 + f);
  /// ln x = e·ln 2 + f − (½f² − s·(½f² + s²·L(s²))), L of degree 6.
  /// Source: FreeBSD's `e_log.c` (Remez, |error| < 2⁻⁵⁸·⁴⁵), with the rounding error of e·ln 2 + f carried along.
  /// Range: all. ln 0 = −∞, ln of a negative number is NaN, ln ∞ = ∞; denormals are exact inputs.
  /// Maximum error: 0.91 ULP (0.51 between 0.99 and 1.01).
  @inlinable @inline(__always)
  public static func log(_ x: DoubleLanes) -> DoubleLanes {
    let isTiny = x .< 0x1p-1022
    let normal = choose(isTiny, x * 0x1p54, x)
    // Subtracting the bits of ½√2 makes the exponent field count from there; 2,048 keeps it positive.
    let exponent = (normal.words &+ (0x8000_0000_0000_0000 - 0x3fe6_a09e_667f_3bcd)) &>> 52
    let f = DoubleLanes(words: normal.words &- ((exponent &- 2_048) &<< 52)) - 1
    let e =
      DoubleLanes(words: exponent | 0x4330_0000_0000_0000) - (0x1p52 + 2_048)
      - choose(isTiny, 54, DoubleLanes(repeating: 0))
    let s = f / (2 + f)
    let z = s * s
    var q = z * 0x1.2f112df3e5244p-3 + 0x1.39a09d078c69fp-3
    q = q * z + 0x1.7466496cb03dep-3
    q = q * z + 0x1.c71c51d8e78afp-3
    q = q * z + 0x1.2492494229359p-2
    q = q * z + 0x1.999999997fa04p-2
    q = q * z + 0x1.5555555555593p-1
    let square = f * f * 0.5
    // e times the high part of ln 2 is exact: 33 bits times eleven.
    let product = e * 0x1.62e42feep-1
    let high = product + f
    let lost = f - (high - product)
    let tail = e * 0x1.a39ef35793c76p-33 + (s * (square + q * z) - square)
    var result = high + (lost + tail)
    result = choose(x .== 0, -.infinity, result)
    result = choose(x .< 0, .nan, result)
    // Infinity and NaN, which have no exponent to extract, pass through.
    return choose(x .< .infinity, result, x)
  }

  /// `eˣ` of one number; see the vector function.
  @inlinable
  public static func exp(_ x: Double) -> Double { exp(DoubleLanes(repeating: x))[0] }

  /// `ln x` of one number; see the vector function.
  @inlinable
  public static func log(_ x: Double) -> Double { log(DoubleLanes(repeating: x))[0] }
}

/// `yes` where the condition holds, else `no`: a selection, never a multiplication by a mask.
@inlinable @inline(__always)
public func choose(
  _ condition: SIMDMask<SIMD4<Int64>>, _ yes: DoubleLanes, _ no: DoubleLanes
) -> DoubleLanes {
  let bits = unsafeBitCast(condition, to: SIMD4<UInt64>.self)
  return DoubleLanes(words: no.words ^ ((yes.words ^ no.words) & bits))
}

/// `yes` where the condition holds, else `no`; `yes` is the same in all lanes.
@inlinable @inline(__always)
public func choose(_ condition: SIMDMask<SIMD4<Int64>>, _ yes: Double, _ no: DoubleLanes) -> DoubleLanes {
  choose(condition, DoubleLanes(repeating: yes), no)
}

extension DoubleLanes {
  /// The bit pattern of each lane.
  @inlinable @inline(__always)
  public var words: SIMD4<UInt64> { unsafeBitCast(self, to: SIMD4<UInt64>.self) }

  /// The lanes with the given bit patterns.
  @inlinable @inline(__always)
  public init(words: SIMD4<UInt64>) { self = unsafeBitCast(words, to: DoubleLanes.self) }
}
