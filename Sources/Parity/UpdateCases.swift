import Programs

private let rules: [(String, OptimizerRule)] = [
  ("sgd", .sgd(momentum: 0, nesterov: false)), ("momentum", .sgd(momentum: 0.9, nesterov: false)),
  ("nesterov", .sgd(momentum: 0.9, nesterov: true)), ("rmsprop", .rmsprop(alpha: 0.99, epsilon: 1e-8)),
  ("adam", .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8)),
]

/// Options combined with a rule, one of them with a value that is not finite.
private let variants: [(String, decay: Float, decoupled: Bool, clip: Bool, broken: Bool)] = [
  ("", 0, false, false, false), ("with decay", 1e-2, false, false, false),
  ("with decoupled decay", 1e-2, true, false, false), ("clipped", 1e-5, false, true, false),
  ("meeting infinity", 0, false, false, true),
]

let updateCases: [OperationCase] = rules.flatMap { name, rule in
  variants.map { variant in
    OperationCase(.update, "\(name) \(variant.0)") { setup in
      let count = 5 * Blocking.segment
      var gradients = (0..<count).map { Float($0 % 97) * 0.01 - 0.4 }
      if variant.broken { gradients[3 * Blocking.segment + 5] = .infinity }
      return Operation(
        try Update(
          rule: rule, weightDecay: variant.decay, decoupled: variant.decoupled,
          parameters: setup.buffer("parameters", .floats(count), .moderate),
          gradients: setup.buffer("gradients", .floats(count), .words(gradients.map(\.bitPattern))),
          state: (0..<rule.stateCount).map { setup.buffer("state \($0)", .floats(count), .unit) },
          segments: setup.constant("segments", [0, 1, Update.frozen, 2, 2]),
          table: setup.source(batch: 1).table, losses: setup.buffer("losses", .floats(4), .unit),
          lossSlots: 2,
          status: setup.buffer("status", .words(1), .words([UInt32.max])), tensors: 3,
          clip: variant.clip ? setup.buffer("factor", .floats(2), .unit) : nil))
    }
  }
}
