import CPUKernels
import Numerics
import Programs
import Synchronization

extension OptimizerRule {
  /// The rule with its constants and the scalars of one step.
  func rule(_ float: (StepField) -> Float) -> UpdateRule {
    let rate = float(.stepSize)
    switch self {
    case .sgd(let momentum, let nesterov):
      let scalars = SGDScalars(learningRate: rate, momentum: momentum)
      return momentum == 0 ? .sgd(scalars) : .momentum(scalars, nesterov: nesterov)
    case .rmsprop(let alpha, let epsilon):
      return .rmsprop(RMSpropScalars(learningRate: rate, decay: alpha, epsilon: epsilon))
    case .adam(let beta1, let beta2, let epsilon):
      return .adam(
        AdamScalars(
          stepSize: rate, rootCorrection: float(.secondMomentScale), beta1: beta1, beta2: beta2,
          epsilon: epsilon))
    }
  }
}

extension Update {
  /// One item for each segment; the first item looks at the loss as well.
  func launch(_ memory: Memory) -> Launch {
    let (parameters, gradients) = (memory.images(parameters), memory.images(gradients))
    let state0 = state.count > 0 ? memory.images(state[0]) : nil
    let state1 = state.count > 1 ? memory.images(state[1]) : nil
    let (segments, table) = (memory.words(segments), memory.words(table))
    let (losses, clip) = (memory.floats(losses), clip.map(memory.floats))
    let alarm = Alarm(memory.words(status))
    let (description, vectors) = (self, Blocking.segment / 8)
    return Launch(items: self.segments.count, grain: 8) { item, _, step in
      func float(_ field: StepField) -> Float {
        Float(bitPattern: table[step * StepTable.width + field.rawValue])
      }
      let base = UInt32(step) * UInt32(description.tensors + 1)
      if item == 0 && !losses[step * description.lossSlots].isFinite { alarm.raise(base) }
      let tensor = segments[item]
      if tensor == Self.frozen { return }
      let step = UpdateStep(
        rule: description.rule.rule(float), weightDecay: description.weightDecay,
        decayFactor: description.decoupled ? float(.decay) : nil, clip: clip?[0])
      let offset = item * vectors
      let finite = update(
        parameters + offset, gradients + offset, state0.map { $0 + offset }, state1.map { $0 + offset },
        count: vectors, step: step)
      if !finite { alarm.raise(base + 1 + tensor) }
    }
  }
}

/// The smallest code of a value that is not finite; several threads may raise it.
private final class Alarm: Sendable {
  nonisolated(unsafe) private let status: UnsafeMutablePointer<UInt32>
  private let lock = Mutex(())

  init(_ status: UnsafeMutablePointer<UInt32>) { self.status = status }

  func raise(_ code: UInt32) {
    lock.withLock { _ in if code < status.pointee { status.pointee = code } }
  }
}
