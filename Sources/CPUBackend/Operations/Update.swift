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

extension Memory {
  /// One item for each segment; the first item checks the loss as well.
  func launches(_ d: Update) -> [Launch] {
    let (parameters, gradients) = (images(d.parameters), images(d.gradients))
    let state0 = d.state.count > 0 ? images(d.state[0]) : nil
    let state1 = d.state.count > 1 ? images(d.state[1]) : nil
    let (segments, table) = (words(d.segments), words(d.table))
    let (losses, clip) = (floats(d.losses), d.clip.map(floats))
    let alarm = Alarm(words(d.status))
    let vectors = Blocking.segment / 8
    let launch = Launch(items: d.segments.count, grain: 8) { item, _, step in
      func float(_ field: StepField) -> Float {
        Float(bitPattern: table[step * StepTable.width + field.rawValue])
      }
      let base = UInt32(step) * UInt32(d.tensors + 1)
      if item == 0 && !losses[step * d.lossSlots].isFinite { alarm.raise(base) }
      let tensor = segments[item]
      if tensor == Update.frozen { return }
      let step = UpdateStep(
        rule: d.rule.rule(float), weightDecay: d.weightDecay,
        decayFactor: d.decoupled ? float(.decay) : nil, clip: clip?[0])
      let offset = item * vectors
      let finite = update(
        parameters + offset, gradients + offset, state0.map { $0 + offset }, state1.map { $0 + offset },
        count: vectors, step: step)
      if !finite { alarm.raise(base + 1 + tensor) }
    }
    return [launch]
  }
}

/// The smallest code of a value that is not finite; several threads may report one.
private final class Alarm: Sendable {
  nonisolated(unsafe) private let status: UnsafeMutablePointer<UInt32>
  private let lock = Mutex(())

  init(_ status: UnsafeMutablePointer<UInt32>) { self.status = status }

  func raise(_ code: UInt32) {
    lock.withLock { _ in if code < status.pointee { status.pointee = code } }
  }
}
