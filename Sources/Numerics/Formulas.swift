/// The table of formulas of the contract: the exact order of operations and every `fma`. Each formula is written
/// here, in eight lanes, and once more in `Kernels/formulas.cl`: `reluGradient` is `formula_relu_gradient` there.
/// The kernels of both backends call it by that name; a test compares the two lists.
///
/// A `scale` is one binary32 number, rounded from a double expression over the actual number of images, and
/// applied once, where the formula says. Masks select, they never multiply. Element-wise formulas keep IEEE's signs of
/// zero. `fma` is `a × b + c` rounded once; every other operation is rounded separately, left to right.
///
/// Determinism: no formula depends on lane, order or device. Accuracy: each operation is correctly rounded,
/// the functions of `Elementary` as stated there.
public enum Formulas {
  // MARK: Inputs

  /// A byte as a number on [0, 1]: `x / 255`, a division (× 1/255 differs for 126 of 256 values).
  @inlinable @inline(__always)
  public static func byteToFloat(_ x: SIMD8<Int32>) -> Lanes { Lanes(x) / 255 }

  /// An input with noise: `fma(level, n, x)`; n is standard normal. The result is not clamped.
  @inlinable @inline(__always)
  public static func addNoise(_ x: Lanes, _ n: Lanes, level: Float) -> Lanes { fma(n, level, x) }

  /// A binarised input: `u < x ? 1 : 0`, so 1 with probability x; u is uniform on [0, 1).
  @inlinable @inline(__always)
  public static func binarise(_ x: Lanes, _ u: Lanes) -> Lanes {
    choose(u .< x, 1, Lanes(repeating: 0))
  }

  /// PyTorch's uniform initialisation on [−bound, bound): `fma(u, 2·bound, −bound)`, u uniform on [0, 1).
  @inlinable @inline(__always)
  public static func initialWeight(_ u: Float, bound: Float) -> Float { fma(u, bound + bound, -bound) }

  // MARK: Activations

  /// `x > 0 ? x : 0`: NaN and −0 become +0.
  @inlinable @inline(__always)
  public static func relu(_ x: Lanes) -> Lanes { choose(x .> 0, x, Lanes(repeating: 0)) }

  /// `relu` in sixteen lanes, for the tiles of convolutions that are compiled for AVX-512.
  @inlinable @inline(__always)
  public static func relu(_ x: SIMD16<Float>) -> SIMD16<Float> {
    let zero = SIMD16<Float>(repeating: 0)
    return choose(x .> zero, x, zero)
  }

  /// The gradient through relu: `y > 0 ? g : 0`, where y is relu's result (or its argument).
  @inlinable @inline(__always)
  public static func reluGradient(_ g: Lanes, result y: Lanes) -> Lanes {
    choose(y .> 0, g, Lanes(repeating: 0))
  }

  /// `x > 0 ? x : slope·x` in each lane.
  @inlinable @inline(__always)
  public static func leakyRelu(_ x: Lanes, slope: Float) -> Lanes { choose(x .> 0, x, x * slope) }

  /// The gradient through leaky ReLU in each lane: `y > 0 ? g : slope·g`, where y is its result.
  @inlinable @inline(__always)
  public static func leakyReluGradient(_ g: Lanes, result y: Lanes, slope: Float) -> Lanes {
    choose(y .> 0, g, g * slope)
  }

  /// The gradient through relu and the dropout after it: `y > 0 ? g·scale : 0`, where y is the stored output of
  /// both and scale as in `dropout`, 1 without one.
  @inlinable @inline(__always)
  public static func reluMask(_ g: Lanes, result y: Lanes, scale: Float) -> Lanes {
    choose(y .> 0, g * scale, Lanes(repeating: 0))
  }

  /// `reluMask` in sixteen lanes, for the tiles of convolutions that are compiled for AVX-512.
  @inlinable @inline(__always)
  public static func reluMask(_ g: SIMD16<Float>, result y: SIMD16<Float>, scale: Float) -> SIMD16<Float> {
    let zero = SIMD16<Float>(repeating: 0)
    return choose(y .> zero, g * scale, zero)
  }

  /// The gradient through sigmoid: `g·(y·(1 − y))`, where y is sigmoid's result.
  @inlinable @inline(__always)
  public static func sigmoidGradient(_ g: Lanes, result y: Lanes) -> Lanes { g * (y * (1 - y)) }

  /// The gradient through tanh: `g·fma(−y, y, 1)`, where y is tanh's result.
  @inlinable @inline(__always)
  public static func tanhGradient(_ g: Lanes, result y: Lanes) -> Lanes { g * fma(y.negated, y, 1) }

  /// The gradient through softplus y = ln(1 + eˣ): `g·(1 − exp(−y))`.
  @inlinable @inline(__always)
  public static func softplusGradient(_ g: Lanes, result y: Lanes) -> Lanes {
    g * (1 - Elementary.exp(y.negated))
  }

  /// Dropout and its gradient: `u < keep ? x·scale : 0`, keep = 1 − p and scale = 1/(1 − p), each rounded once.
  @inlinable @inline(__always)
  public static func dropout(_ x: Lanes, _ u: Lanes, keep: Float, scale: Float) -> Lanes {
    choose(u .< keep, x * scale, Lanes(repeating: 0))
  }
}
