import Kernels
import Programs

extension LaunchPlanner {
  /// Elements per work-item if they are cheap.
  static let elementSpan = 64

  func launches(_ d: ActivationForward) -> [Launch] { activation(d.input, d.output, d.activation) }

  func launches(_ d: ActivationBackward) -> [Launch] {
    let (batch, shape) = d.output.images!
    let span = span(Self.elementSpan)
    return [
      Launch(
        .activationBackward, elements(batch, shape.count, span: span),
        [
          .buffer(d.output), .buffer(d.outputGradient), .buffer(d.inputGradient), .int(shape.count),
          .int(KernelPrelude.number(d.activation)), .int(span),
        ])
    ]
  }

  /// The activation after a layer whose own kernel does not apply it (see `Epilogue` in `tile.cl`).
  func activation(after activation: Activation, _ output: Buffer) -> [Launch] {
    switch activation {
    case _ where areImagesItems: []
    case .identity, .relu: []
    case .sigmoid, .tanh, .softplus: self.activation(output, output, activation)
    }
  }

  private func activation(_ input: Buffer, _ output: Buffer, _ activation: Activation) -> [Launch] {
    let (batch, shape) = output.images!
    let span = span(Self.elementSpan)
    return [
      Launch(
        .activationForward, elements(batch, shape.count, span: span),
        [
          .buffer(input), .buffer(output), .int(shape.count),
          .int(KernelPrelude.number(activation)), .int(span),
        ])
    ]
  }
}
