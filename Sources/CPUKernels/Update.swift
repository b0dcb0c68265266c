import Numerics

/// The optimizers' rules with their constants; the step's scalars are set before each step.
public enum UpdateRule: Sendable {
  case sgd(SGDScalars)
  case momentum(SGDScalars, nesterov: Bool)
  case rmsprop(RMSpropScalars)
  case adam(AdamScalars)
}

/// How one step updates: rule, decay and clipping.
public struct UpdateStep: Sendable {
  let rule: UpdateRule
  /// L2 decay, 0 for none.
  let weightDecay: Float
  /// Decoupled decay: factor for the parameters, or nil.
  let decayFactor: Float?
  /// Factor for the gradients, or nil.
  let clip: Float?

  /// One step's update.
  public init(rule: UpdateRule, weightDecay: Float, decayFactor: Float?, clip: Float?) {
    self.rule = rule
    self.weightDecay = weightDecay
    self.decayFactor = decayFactor
    self.clip = clip
  }
}

/// Updates `count` vectors of parameters. Returns whether all gradients and new parameters are finite.
public func update(
  _ parameters: MutableImages, _ gradients: Images, _ state0: MutableImages?, _ state1: MutableImages?,
  count: Int, step: UpdateStep
) -> Bool {
  var alarm = LaneMask(repeating: false)
  for i in 0..<count {
    var (p, g) = (parameters[i], gradients[i])
    alarm = alarm .| notFinite(g)
    if let clip = step.clip { g = Formulas.clip(g, coefficient: clip) }
    if let factor = step.decayFactor {
      p = Formulas.decoupledDecay(p, factor: factor)
    } else if step.weightDecay != 0 {
      g = Formulas.l2(g, parameter: p, decay: step.weightDecay)
    }
    switch step.rule {
    case .sgd(let s): Formulas.sgd(&p, gradient: g, s)
    case .momentum(let s, let nesterov):
      Formulas.momentum(&p, buffer: &state0![i], gradient: g, nesterov: nesterov, s)
    case .rmsprop(let s): Formulas.rmsprop(&p, square: &state0![i], gradient: g, s)
    case .adam(let s): Formulas.adam(&p, mean: &state0![i], square: &state1![i], gradient: g, s)
    }
    parameters[i] = p
    alarm = alarm .| notFinite(p)
  }
  return !any(alarm)
}

@inline(__always) private func notFinite(_ x: Lanes) -> LaneMask {
  (x.words & 0x7f80_0000) .== WordLanes(repeating: 0x7f80_0000)
}
