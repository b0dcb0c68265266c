// One number at a time, for code that is not hot: the vector function in one lane, so that there is only one formula to
// get wrong. See the vector function for documentation.

extension Elementary {
  /// `eˣ` of one number; see the vector function.
  @inlinable @inline(__always)
  public static func exp(_ x: Float) -> Float { exp(Lanes(repeating: x))[0] }

  /// `ln x` of one number; see the vector function.
  @inlinable @inline(__always)
  public static func log(_ x: Float) -> Float { log(Lanes(repeating: x))[0] }

  /// `1 / (1 + e⁻ˣ)` of one number; see the vector function.
  @inlinable @inline(__always)
  public static func sigmoid(_ x: Float) -> Float { sigmoid(Lanes(repeating: x))[0] }
}
