/// The table of formulas of the contract: the exact order of operations and every `fma`, cited by both
/// backends. Each formula stands here for one number and for eight; the two are the same operations.
///
/// A `scale` is one binary32 number, rounded from a double expression over the actual number of images, and
/// applied once, where the formula says. Masks select, they never multiply. Element-wise formulas keep IEEE's
/// signs of zero. `fma` is `a × b + c` rounded once; every other operation is rounded by itself, left to right.
///
/// Determinism: no formula depends on lane, order or device. Accuracy: each operation is correctly rounded,
/// the functions of `Elementary` as stated there.
public enum Formulas {
  // MARK: Inputs

  /// A byte as a number on [0, 1]: `x / 255`, a division (× 1/255 differs for 126 of 256 values).
  @inlinable @inline(__always)
  public static func byteToFloat(_ x: UInt8) -> Float { Float(x) / 255 }

  /// Eight bytes, widened to integers, as numbers on [0, 1]: `x / 255`.
  @inlinable @inline(__always)
  public static func byteToFloat(_ x: SIMD8<Int32>) -> Lanes { Lanes(x) / 255 }

  /// An input with noise: `fma(level, n, x)`; n is standard normal. Nothing is cut off.
  @inlinable @inline(__always)
  public static func addNoise(_ x: Float, _ n: Float, level: Float) -> Float {
    fma(level, n, x)
  }

  /// Eight inputs with noise; see the scalar formula.
  @inlinable @inline(__always)
  public static func addNoise(_ x: Lanes, _ n: Lanes, level: Float) -> Lanes {
    fma(n, level, x)
  }

  /// PyTorch's uniform initialisation on [−bound, bound): `fma(u, 2·bound, −bound)`, u uniform on [0, 1).
  @inlinable @inline(__always)
  public static func initialWeight(_ u: Float, bound: Float) -> Float { fma(u, bound + bound, -bound) }

  /// Eight initial weights; see the scalar formula.
  @inlinable @inline(__always)
  public static func initialWeight(_ u: Lanes, bound: Float) -> Lanes { fma(u, bound + bound, -bound) }

  // MARK: Activations

  /// `x > 0 ? x : 0`: NaN and −0 become +0.
  @inlinable @inline(__always)
  public static func relu(_ x: Float) -> Float { x > 0 ? x : 0 }

  /// `x > 0 ? x : 0` in each lane.
  @inlinable @inline(__always)
  public static func relu(_ x: Lanes) -> Lanes { choose(x .> 0, x, Lanes(repeating: 0)) }

  /// The gradient through relu: `y > 0 ? g : 0`, where y is relu's result (or its argument).
  @inlinable @inline(__always)
  public static func reluGradient(_ g: Float, result y: Float) -> Float { y > 0 ? g : 0 }

  /// The gradient through relu in each lane; see the scalar formula.
  @inlinable @inline(__always)
  public static func reluGradient(_ g: Lanes, result y: Lanes) -> Lanes {
    choose(y .> 0, g, Lanes(repeating: 0))
  }

  /// `x > 0 ? x : slope·x` in each lane.
  @inlinable @inline(__always)
  public static func leakyReLU(_ x: Lanes, slope: Float) -> Lanes { choose(x .> 0, x, x * slope) }

  /// The gradient through leaky ReLU in each lane: `y > 0 ? g : slope·g`, where y is its result.
  @inlinable @inline(__always)
  public static func leakyReLUGradient(_ g: Lanes, result y: Lanes, slope: Float) -> Lanes {
    choose(y .> 0, g, g * slope)
  }

  /// The gradient through sigmoid: `g·(y·(1 − y))`, where y is sigmoid's result.
  @inlinable @inline(__always)
  public static func sigmoidGradient(_ g: Float, result y: Float) -> Float { g * (y * (1 - y)) }

  /// The gradient through sigmoid in each lane; see the scalar formula.
  @inlinable @inline(__always)
  public static func sigmoidGradient(_ g: Lanes, result y: Lanes) -> Lanes { g * (y * (1 - y)) }

  /// The gradient through tanh: `g·fma(−y, y, 1)`, where y is tanh's result.
  @inlinable @inline(__always)
  public static func tanhGradient(_ g: Float, result y: Float) -> Float { g * fma(-y, y, 1) }

  /// The gradient through tanh in each lane; see the scalar formula.
  @inlinable @inline(__always)
  public static func tanhGradient(_ g: Lanes, result y: Lanes) -> Lanes { g * fma(y.negated, y, 1) }

  /// The gradient through softplus y = ln(1 + eˣ): `g·(1 − exp(−y))`.
  @inlinable @inline(__always)
  public static func softplusGradient(_ g: Float, result y: Float) -> Float { g * (1 - Elementary.exp(-y)) }

  /// The gradient through softplus in each lane; see the scalar formula.
  @inlinable @inline(__always)
  public static func softplusGradient(_ g: Lanes, result y: Lanes) -> Lanes {
    g * (1 - Elementary.exp(y.negated))
  }

  /// Dropout and its gradient: `u < keep ? x·scale : 0`, keep = 1 − p and scale = 1/(1 − p), each rounded once.
  @inlinable @inline(__always)
  public static func dropout(_ x: Float, _ u: Float, keep: Float, scale: Float) -> Float {
    u < keep ? x * scale : 0
  }

  /// Dropout and its gradient in each lane; see the scalar formula.
  @inlinable @inline(__always)
  public static func dropout(_ x: Lanes, _ u: Lanes, keep: Float, scale: Float) -> Lanes {
    choose(u .< keep, x * scale, Lanes(repeating: 0))
  }
}
