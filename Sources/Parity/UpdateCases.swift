import Programs

private let rules: [(String, OptimizerRule)] = [
  ("sgd", .sgd(momentum: 0, nesterov: false)), ("momentum", .sgd(momentum: 0.9, nesterov: false)),
  ("nesterov", .sgd(momentum: 0.9, nesterov: true)), ("rmsprop", .rmsprop(alpha: 0.99, epsilon: 1e-8)),
  ("adam", .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8)),
]

/// Where a value is not finite: in a gradient, or in the second step's loss.
private enum Broken {
  case gradient, loss
}

/// Options combined with a rule.
private let variants: [(String, decay: Float, decoupled: Bool, clip: Bool, broken: Broken?)] = [
  ("", 0, false, false, nil), ("with decay", 1e-2, false, false, nil),
  ("with decoupled decay", 1e-2, true, false, nil), ("clipped", 1e-5, false, true, nil),
  ("meeting infinity", 0, false, false, .gradient), ("after an infinite loss", 0, false, false, .loss),
]

let updateCases: [OperationCase] = rules.flatMap { name, rule in
  variants.map { variant in
    OperationCase(.update, "\(name) \(variant.0)") { setup in
      let count = 5 * Blocking.segment
      var gradients = (0..<count).map { Float($0 % 97) * 0.01 - 0.4 }
      if variant.broken == .gradient { gradients[3 * Blocking.segment + 5] = .infinity }
      var losses: [Float] = [0.5, 1, 0.25, 2]
      if variant.broken == .loss { losses[2] = .infinity }
      return Operation(
        try Update(
          rule: rule, weightDecay: variant.decay, decoupled: variant.decoupled,
          parameters: setup.buffer("parameters", .floats(count), .moderate),
          gradients: setup.buffer("gradients", .floats(count), .words(gradients.map(\.bitPattern))),
          state: (0..<rule.stateCount).map { setup.buffer("state \($0)", .floats(count), .unit) },
          segments: setup.constant("segments", [0, 1, Update.frozen, 2, 2]),
          table: setup.source(batch: 1).table,
          losses: setup.buffer("losses", .floats(4), .words(losses.map(\.bitPattern))),
          lossSlots: 2,
          status: setup.buffer("status", .words(1), .words([UInt32.max])), tensors: 3,
          clip: variant.clip ? setup.buffer("factor", .floats(2), .unit) : nil))
    }
  }
}
