/// Update rules with PyTorch's formulas; the exact order is in `Numerics`' table of formulas.
///
/// Constants and their complements (1 − β) are each rounded once from double.
package enum OptimizerRule: Hashable, Sendable {
  /// v = μ·v + g; p −= lr·v, or with Nesterov p −= lr·(g + μ·v). μ = 0: p −= lr·g.
  case sgd(momentum: Double, nesterov: Bool)
  /// v = α·v + (1 − α)·g²; p −= lr · g / (√v + ε).
  case rmsprop(alpha: Double, epsilon: Double)
  /// m, v and bias corrections after Kingma & Ba; p −= lr · m̂ / (√v̂ + ε).
  case adam(beta1: Double, beta2: Double, epsilon: Double)

  /// Number of state values per parameter.
  package var stateCount: Int {
    switch self {
    case .sgd(let momentum, _): momentum == 0 ? 0 : 1
    case .rmsprop: 1
    case .adam: 2
    }
  }
}

/// One step of the optimizer over the whole parameter arena, and the check for values that are not finite.
///
/// Arena: segments of ``Blocking/segment`` floats; `segments[s]` is the index of the tensor that segment s
/// belongs to, or ``frozen``. Gradients and state lie in arenas of the same order. Element-wise, so order does not
/// matter. L2: g ← fma(weightDecay, p, g) first; with `decoupled` decay p ← p · decay(step) instead. `clip`, if any,
/// holds the factor that every gradient is multiplied by before that.
///
/// Check: `status[0]` becomes the smallest of itself and `step · (tensors + 1) + 1 + tensor` for every tensor
/// whose gradient or new value is not finite, and of `step · (tensors + 1)` where `losses[step · slots]` is not.
package struct Update: Descriptor {
  /// Marks a segment without trainable parameters.
  package static let frozen = UInt32.max
  package let rule: OptimizerRule
  package let weightDecay: Float
  package let decoupled: Bool
  package let parameters: Buffer
  package let gradients: Buffer
  /// ``OptimizerRule/stateCount`` arenas: momentum; or RMSprop's v; or Adam's m and v.
  package let state: [Buffer]
  package let segments: Buffer
  package let table: Buffer
  package let losses: Buffer
  package let lossSlots: Int
  package let status: Buffer
  /// Number of tensors in the model.
  package let tensors: Int
  package let clip: Buffer?

  /// Throws: ``ProgramError`` if arenas differ in length.
  package init(
    rule: OptimizerRule, weightDecay: Float, decoupled: Bool, parameters: Buffer, gradients: Buffer,
    state: [Buffer], segments: Buffer, table: Buffer, losses: Buffer, lossSlots: Int, status: Buffer,
    tensors: Int, clip: Buffer? = nil
  ) throws {
    try require(
      state.count == rule.stateCount, "update", "\(state.count) arenas of state, expected \(rule.stateCount)")
    for arena in state {
      try require(
        arena.count == parameters.count, "update",
        "state holds \(arena.count) floats, expected \(parameters.count)")
    }
    try requireFloats("update", "parameters", parameters, atLeast: 1)
    try requireFloats("update", "gradients", gradients, atLeast: parameters.count)
    try requireWords("update", "table of steps", table, atLeast: StepTable.width)
    try require(lossSlots > 0, "update", "\(lossSlots) slots, expected at least 1")
    try requireFloats("update", "losses", losses, atLeast: table.count / StepTable.width * lossSlots)
    try requireWords("update", "status", status, atLeast: 1)
    if let clip { try requireFloats("update", "clipping factor", clip, atLeast: 1) }
    try requireSegments("update", segments) { $0 == Self.frozen || $0 < tensors }
    try require(
      segments.count * Blocking.segment == parameters.count, "update",
      "\(segments.count) segments for \(parameters.count) floats")
    self.rule = rule
    self.weightDecay = weightDecay
    self.decoupled = decoupled
    self.parameters = parameters
    self.gradients = gradients
    self.state = state
    self.segments = segments
    self.table = table
    self.losses = losses
    self.lossSlots = lossSlots
    self.status = status
    self.tensors = tensors
    self.clip = clip
  }

  package var kind: Operation.Kind { .update }
  package var chunkedBatch: Int? { nil }
  package var reads: [Buffer] {
    [parameters, gradients, segments, table, losses, status] + state + (clip.map { [$0] } ?? [])
  }
  package var writes: [Buffer] { [parameters, status] + state }
  package var flops: Int { parameters.count * (4 + 6 * rule.stateCount) }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}
