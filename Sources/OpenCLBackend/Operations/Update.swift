import Kernels
import Programs

/// Arguments of the `update_…` kernel of the optimizer's rule.
struct UpdateArguments: KernelArguments {
  let descriptor: Update
  let span: Int

  var kernel: Kernel {
    switch descriptor.rule {
    case .sgd(let momentum, _): momentum == 0 ? .updateSGD : .updateMomentum
    case .rmsprop: .updateRMSprop
    case .adam: .updateAdam
    }
  }

  var arguments: [Argument] { common + rule + [.step] }

  private var common: [Argument] {
    let d = descriptor
    return [
      .buffer(d.parameters), .buffer(d.gradients), .buffer(d.segments), .buffer(d.table), .buffer(d.losses),
      .buffer(d.clip ?? d.gradients), .buffer(d.status), .int(d.parameters.count), .int(d.tensors),
      .int(d.lossSlots), .flag(d.clip != nil), .flag(d.decoupled), .float(d.weightDecay), .int(span),
    ]
  }

  /// State and constants, each rounded once from double.
  private var rule: [Argument] {
    let state = descriptor.state.map(Argument.buffer)
    switch descriptor.rule {
    case .sgd(let momentum, let nesterov):
      return momentum == 0 ? [] : state + [.float(Float(momentum)), .flag(nesterov)]
    case .rmsprop(let alpha, let epsilon):
      return state + [.float(Float(alpha)), .float(Float(1 - alpha)), .float(Float(epsilon))]
    case .adam(let beta1, let beta2, let epsilon):
      return state + [
        .float(Float(1 - beta1)), .float(Float(beta2)), .float(Float(1 - beta2)), .float(Float(epsilon)),
      ]
    }
  }
}

extension LaunchPlanner {
  func launches(_ d: Update) -> [Launch] {
    let span = span(Self.vectorSpan)
    return [
      Launch(UpdateArguments(descriptor: d, span: span), vectors(d.parameters.count, span: span))
    ]
  }
}
