import Kernels
import Programs

/// Arguments of `dropout_apply`, for values or gradients.
struct DropoutArguments: KernelArguments {
  let forward: DropoutForward
  let input: Buffer
  let output: Buffer
  let batch: Int
  let shape: MapShape
  let span: Int
  var kernel: Kernel { .dropoutApply }
  var arguments: [Argument] {
    let source = forward.source
    return [.buffer(input), .buffer(source.table), .buffer(source.indices), .buffer(output)]
      + shape.arguments + BatchArguments(source: source, batch: batch).withIndices + forward.random.arguments
      + [.float(forward.keep), .float(forward.scale), .int(span), .step]
  }
}

extension LaunchPlanner {
  func launches(_ d: DropoutForward) -> [Launch] { dropout(d, d.input, d.output) }

  func launches(_ d: DropoutBackward) -> [Launch] { dropout(d.forward, d.outputGradient, d.inputGradient) }

  private func dropout(_ forward: DropoutForward, _ input: Buffer, _ output: Buffer) -> [Launch] {
    let (batch, shape) = output.images!
    let span = span(Self.randomSpan)
    return [
      Launch(
        DropoutArguments(
          forward: forward, input: input, output: output, batch: batch, shape: shape, span: span),
        quads(batch, shape.count, span: span))
    ]
  }
}
