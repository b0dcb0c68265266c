import CPUKernels
import Programs

extension Memory {
  func launches(_ d: DropoutForward) -> [Launch] { dropout(d, d.input, d.output) }

  func launches(_ d: DropoutBackward) -> [Launch] { dropout(d.forward, d.outputGradient, d.inputGradient) }

  private func dropout(_ forward: DropoutForward, _ input: Buffer, _ output: Buffer) -> [Launch] {
    let part = Part(forward.source, output, self)
    let (size, from, to) = (MapSize(output.images!.shape), blocks(input), blocks(output))
    let (random, keep, scale) = (forward.random, forward.keep, forward.scale)
    return perBlock(output) { block, worker, step in
      CPUKernels.dropout(
        from(block, worker), size, random: part.random(random, block, step), keep: keep, scale: scale,
        output: to(block, worker))
    }
  }
}
