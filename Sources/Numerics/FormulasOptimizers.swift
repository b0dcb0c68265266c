/// The scalars of one step of SGD.
public struct SGDScalars: Sendable, Hashable {
  /// The learning rate, as the table of steps has it, and the momentum, 0 for none.
  public let learningRate, momentum: Float
  /// Rounds the momentum.
  public init(learningRate: Float, momentum: Double) {
    self.learningRate = learningRate
    self.momentum = Float(momentum)
  }
}

/// The scalars of one step of RMSprop.
public struct RMSpropScalars: Sendable, Hashable {
  /// The learning rate, as the table of steps has it.
  public let learningRate: Float
  /// The decay α of the mean square, `1 − α`, and ε, added to the root.
  public let decay, decayComplement, epsilon: Float
  /// Rounds the constants, each once.
  public init(learningRate: Float, decay: Double, epsilon: Double) {
    self.learningRate = learningRate
    self.decay = Float(decay)
    decayComplement = Float(1 - decay)
    self.epsilon = Float(epsilon)
  }
}

/// The scalars of one step of Adam or AdamW.
public struct AdamScalars: Sendable, Hashable {
  /// `lr / (1 − β₁ᵗ)` and `√(1 − β₂ᵗ)`, as the table of steps has them.
  public let stepSize, rootCorrection: Float
  /// `1 − β₁`, β₂, `1 − β₂`, and ε, added to the corrected root.
  public let beta1Complement, beta2, beta2Complement, epsilon: Float
  /// Rounds the constants, each once.
  public init(stepSize: Float, rootCorrection: Float, beta1: Double, beta2: Double, epsilon: Double) {
    self.stepSize = stepSize
    self.rootCorrection = rootCorrection
    beta1Complement = Float(1 - beta1)
    self.beta2 = Float(beta2)
    beta2Complement = Float(1 - beta2)
    self.epsilon = Float(epsilon)
  }
}

// Optimizers: PyTorch's formulas; where there are several forms, the one that its CPU kernels use.

extension Formulas {
  /// L2 decay, before any optimizer but AdamW: `fma(decay, p, g)`.
  @inlinable @inline(__always)
  public static func l2(_ g: Lanes, parameter p: Lanes, decay: Float) -> Lanes { fma(p, decay, g) }

  /// Decoupled decay, before the step of AdamW: `p·factor`, factor = 1 − lr·decay rounded once.
  @inlinable @inline(__always)
  public static func decoupledDecay(_ p: Lanes, factor: Float) -> Lanes { p * factor }

  /// Clipping by the global norm, after the norm is known: `g·coefficient`.
  ///
  /// The coefficient, `limit ÷ (norm + 1e-6)` and at most 1, is computed once per step by `clipCoefficient`.
  @inlinable @inline(__always)
  public static func clip(_ g: Lanes, coefficient: Float) -> Lanes { g * coefficient }

  /// The coefficient of clipping from the sum of the squares: c = `limit ÷ (√sum + 1e-6)`, `c < 1 ? c : 1`.
  @inlinable @inline(__always)
  public static func clipCoefficient(squares sum: Float, limit: Float) -> Float {
    let c = limit / (sum.squareRoot() + 1e-6)
    return c < 1 ? c : 1
  }

  /// A step of SGD: `p = fma(−lr, g, p)`.
  @inlinable @inline(__always)
  public static func sgd(_ p: inout Lanes, gradient g: Lanes, _ s: SGDScalars) {
    p = fma(g, -s.learningRate, p)
  }

  /// A step of SGD with momentum: `b = fma(momentum, b, g)`, `p = fma(−lr, b, p)`; b starts at +0.
  ///
  /// Nesterov: `p = fma(−lr, fma(momentum, b, g), p)` with the new b.
  @inlinable @inline(__always)
  public static func momentum(
    _ p: inout Lanes, buffer b: inout Lanes, gradient g: Lanes, nesterov: Bool, _ s: SGDScalars
  ) {
    b = fma(b, s.momentum, g)
    p = fma(nesterov ? fma(b, s.momentum, g) : b, -s.learningRate, p)
  }

  /// A step of RMSprop: `v = fma((1−α)·g, g, α·v)`, `p = fma(−lr, g ÷ (√v + ε), p)`; v starts at +0.
  @inlinable @inline(__always)
  public static func rmsprop(
    _ p: inout Lanes, square v: inout Lanes, gradient g: Lanes, _ s: RMSpropScalars
  ) {
    v = fma(s.decayComplement * g, g, s.decay * v)
    p = fma(g / (v.squareRoot() + s.epsilon), -s.learningRate, p)
  }

  /// A step of Adam: `m = fma(1−β₁, g−m, m)`, `v = fma((1−β₂)·g, g, β₂·v)`,
  /// `p = fma(−stepSize, m ÷ (√v ÷ rootCorrection + ε), p)`; m and v start at +0.
  @inlinable @inline(__always)
  public static func adam(
    _ p: inout Lanes, mean m: inout Lanes, square v: inout Lanes, gradient g: Lanes, _ s: AdamScalars
  ) {
    m = fma(g - m, s.beta1Complement, m)
    v = fma(s.beta2Complement * g, g, s.beta2 * v)
    p = fma(m / (v.squareRoot() / s.rootCorrection + s.epsilon), -s.stepSize, p)
  }
}
