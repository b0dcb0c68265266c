import Numerics
import Programs

/// Optimizers, with PyTorch's formulas and names.
public enum Optimizer: String, CaseIterable, Hashable, Sendable, Codable {
  case sgd, momentum, nesterov, rmsprop, adam, adamw

  /// Names of the optimizer's state arenas, as in checkpoints.
  package var stateNames: [String] {
    switch self {
    case .sgd: []
    case .momentum, .nesterov: ["momentum"]
    case .rmsprop: ["v"]
    case .adam, .adamw: ["m", "v"]
    }
  }
}

extension Configuration {
  /// The rule of the optimizer with its constants.
  package var rule: OptimizerRule {
    switch optimizer {
    case .sgd: .sgd(momentum: 0, nesterov: false)
    case .momentum: .sgd(momentum: momentum, nesterov: false)
    case .nesterov: .sgd(momentum: momentum, nesterov: true)
    case .rmsprop: .rmsprop(alpha: alpha, epsilon: epsilon)
    case .adam, .adamw: .adam(beta1: beta1, beta2: beta2, epsilon: epsilon)
    }
  }

  /// Scalars of the optimizer's step `step` (from 1) at `learningRate`, in double, rounded once.
  ///
  /// Adam: lr / (1 − β₁ᵗ) and √(1 − β₂ᵗ), as PyTorch's. Decoupled decay: 1 − lr · decay.
  func scalars(learningRate: Double, step: Int) -> (stepSize: Float, secondMomentScale: Float, decay: Float) {
    let decay = Float(1 - learningRate * weightDecay)
    guard optimizer == .adam || optimizer == .adamw else { return (Float(learningRate), 1, decay) }
    let first = 1 - HostScalars.power(beta1, step)
    let second = 1 - HostScalars.power(beta2, step)
    return (Float(learningRate / first), Float(second.squareRoot()), decay)
  }
}
