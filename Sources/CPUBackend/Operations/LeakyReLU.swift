import CPUKernels
import Programs

extension Memory {
  func launches(_ d: LeakyReLUForward) -> [Launch] {
    let (from, to, slope) = (images(d.input), images(d.output), d.slope)
    let vectors = d.output.blockVectors
    return perBlock(d.output) { block, _ in
      leakyReLUForward(from + block * vectors, to + block * vectors, count: vectors, slope: slope)
    }
  }

  func launches(_ d: LeakyReLUBackward) -> [Launch] {
    let (result, from, to) = (images(d.output), images(d.outputGradient), images(d.inputGradient))
    let (slope, vectors) = (d.slope, d.output.blockVectors)
    return perBlock(d.output) { block, _ in
      leakyReLUBackward(
        result: result + block * vectors, from + block * vectors, to + block * vectors, count: vectors,
        slope: slope)
    }
  }
}
