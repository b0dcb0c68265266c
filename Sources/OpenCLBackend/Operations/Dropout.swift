import Kernels
import Programs

extension LaunchPlanner {
  func launches(_ d: DropoutForward) -> [Launch] { dropout(d, d.input, d.output) }

  func launches(_ d: DropoutBackward) -> [Launch] { dropout(d.forward, d.outputGradient, d.inputGradient) }

  private func dropout(_ forward: DropoutForward, _ input: Buffer, _ output: Buffer) -> [Launch] {
    let (batch, shape) = output.images!
    let (source, span) = (forward.source, span(Self.randomSpan))
    return [
      Launch(
        .dropoutApply, quads(batch, shape.count, span: span),
        [.buffer(input), .buffer(source.table), .buffer(source.indices), .buffer(output)]
          + shape.arguments + source.withIndices(batch) + forward.random.arguments
          + [.float(forward.keep), .float(forward.scale), .int(span), .step])
    ]
  }
}
