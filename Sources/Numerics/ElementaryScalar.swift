// One number at a time, for code that is not hot: the vector function in one lane, so that there is a single
// formula that could be wrong. The documentation of the vector function holds.

extension Elementary {
  /// `eˣ` of one number; see the vector function.
  @inlinable @inline(__always)
  public static func exp(_ x: Float) -> Float { exp(Lanes(repeating: x))[0] }

  /// `ln x` of one number; see the vector function.
  @inlinable @inline(__always)
  public static func log(_ x: Float) -> Float { log(Lanes(repeating: x))[0] }

  /// `√x`, correctly rounded.
  @inlinable @inline(__always)
  public static func squareRoot(_ x: Float) -> Float { x.squareRoot() }

  /// `(sin 2πu, cos 2πu)` of one number; see the vector function.
  @inlinable @inline(__always)
  public static func sinCosTwoPi(_ u: Float) -> (sin: Float, cos: Float) {
    let both = sinCosTwoPi(Lanes(repeating: u))
    return (both.sin[0], both.cos[0])
  }

  /// `1 / (1 + e⁻ˣ)` of one number; see the vector function.
  @inlinable @inline(__always)
  public static func sigmoid(_ x: Float) -> Float { sigmoid(Lanes(repeating: x))[0] }

  /// The hyperbolic tangent of one number; see the vector function.
  @inlinable @inline(__always)
  public static func tanh(_ x: Float) -> Float { tanh(Lanes(repeating: x))[0] }

  /// `ln(1 + eˣ)` of one number; see the vector function.
  @inlinable @inline(__always)
  public static func softplus(_ x: Float) -> Float { softplus(Lanes(repeating: x))[0] }

  /// `ln(1 + e^−|x|)` of one number; see the vector function.
  @inlinable @inline(__always)
  public static func softplusTail(_ x: Float) -> Float { softplusTail(Lanes(repeating: x))[0] }
}
