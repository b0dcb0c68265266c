import Kernels
import Programs

/// Arguments of `activation_forward`.
struct ActivationForwardArguments: KernelArguments {
  let input: Buffer
  let output: Buffer
  let count: Int
  let activation: Activation
  let span: Int
  var kernel: Kernel { .activationForward }
  var arguments: [Argument] {
    [
      .buffer(input), .buffer(output), .int(count), .word(UInt32(KernelPrelude.number(activation))),
      .int(span),
    ]
  }
}

/// Arguments of `activation_backward`.
struct ActivationBackwardArguments: KernelArguments {
  let descriptor: ActivationBackward
  let count: Int
  let span: Int
  var kernel: Kernel { .activationBackward }
  var arguments: [Argument] {
    [
      .buffer(descriptor.output), .buffer(descriptor.outputGradient), .buffer(descriptor.inputGradient),
      .int(count), .word(UInt32(KernelPrelude.number(descriptor.activation))), .int(span),
    ]
  }
}

extension LaunchPlanner {
  /// Elements that a work-item takes where one costs little.
  static let elementSpan = 64

  func launches(_ d: ActivationForward) -> [Launch] { activation(d.input, d.output, d.activation) }

  func launches(_ d: ActivationBackward) -> [Launch] {
    let (batch, shape) = d.output.images!
    let span = span(Self.elementSpan)
    return [
      Launch(
        ActivationBackwardArguments(descriptor: d, count: shape.count, span: span),
        elements(batch, shape.count, span: span))
    ]
  }

  /// What is still to be done after a layer, whose own kernel knows ReLU only: the functions in every layer's
  /// kernel would multiply the time it takes to compile.
  func activation(after activation: Activation, _ output: Buffer) -> [Launch] {
    switch activation {
    case .identity, .relu: []
    case .sigmoid, .tanh, .softplus: self.activation(output, output, activation)
    }
  }

  private func activation(_ input: Buffer, _ output: Buffer, _ activation: Activation) -> [Launch] {
    let (batch, shape) = output.images!
    let span = span(Self.elementSpan)
    return [
      Launch(
        ActivationForwardArguments(
          input: input, output: output, count: shape.count, activation: activation, span: span),
        elements(batch, shape.count, span: span))
    ]
  }
}
