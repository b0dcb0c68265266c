import Kernels
import Programs

extension LaunchPlanner {
  func launches(_ d: LeakyReLUForward) -> [Launch] {
    leakyReLU(.leakyReLUForward, [d.input, d.output], d.slope)
  }

  func launches(_ d: LeakyReLUBackward) -> [Launch] {
    leakyReLU(.leakyReLUBackward, [d.output, d.outputGradient, d.inputGradient], d.slope)
  }

  private func leakyReLU(_ kernel: Kernel, _ buffers: [Buffer], _ slope: Float) -> [Launch] {
    let (batch, shape) = buffers[0].images!
    let span = span(Self.elementSpan)
    return [
      Launch(
        kernel, elements(batch, shape.count, span: span),
        buffers.map(Argument.buffer) + [.int(shape.count), .float(slope), .int(span)])
    ]
  }
}
