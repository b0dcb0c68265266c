import Kernels
import Programs

extension LaunchPlanner {
  func launches(_ d: Update) -> [Launch] {
    let span = span(Self.vectorSpan)
    let (kernel, constants) = d.rule.kernel
    return [
      Launch(
        kernel, vectors(d.parameters.count, span: span),
        [
          .buffer(d.parameters), .buffer(d.gradients), .buffer(d.segments), .buffer(d.table),
          .buffer(d.losses), .buffer(d.clip ?? d.gradients), .buffer(d.status), .int(d.parameters.count),
          .int(d.tensors), .int(d.lossSlots), .flag(d.clip != nil), .flag(d.decoupled),
          .float(d.weightDecay), .int(span),
        ] + d.state.map(Argument.buffer) + constants + [.step])
    ]
  }
}

extension OptimizerRule {
  /// The `update_…` kernel and its constants, each rounded once from double.
  fileprivate var kernel: (Kernel, constants: [Argument]) {
    switch self {
    case .sgd(let momentum, let nesterov):
      momentum == 0 ? (.updateSGD, []) : (.updateMomentum, [.float(Float(momentum)), .flag(nesterov)])
    case .rmsprop(let alpha, let epsilon):
      (.updateRMSprop, [.float(Float(alpha)), .float(Float(1 - alpha)), .float(Float(epsilon))])
    case .adam(let beta1, let beta2, let epsilon):
      (
        .updateAdam,
        [.float(Float(1 - beta1)), .float(Float(beta2)), .float(Float(1 - beta2)), .float(Float(epsilon))]
      )
    }
  }
}
