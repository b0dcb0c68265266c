import CPUKernels
import Programs

extension Memory {
  func launches(_ d: DropoutForward) -> [Launch] { dropout(d, d.input, d.output) }

  func launches(_ d: DropoutBackward) -> [Launch] { dropout(d.forward, d.outputGradient, d.inputGradient) }

  private func dropout(_ forward: DropoutForward, _ input: Buffer, _ output: Buffer) -> [Launch] {
    let part = Part(forward.source, output, self)
    let (size, vectors) = (MapSize(output.images!.shape), output.blockVectors)
    let (from, to) = (images(input), images(output))
    let (random, keep, scale) = (forward.random, forward.keep, forward.scale)
    return perBlock(output) { block, step in
      CPUKernels.dropout(
        from + block * vectors, size, random: part.random(random, block, step), keep: keep, scale: scale,
        output: to + block * vectors)
    }
  }
}
