import CPUKernels
import Programs

extension Memory {
  func launches(_ d: LeakyReLUForward) -> [Launch] {
    let (from, to, slope) = (blocks(d.input), blocks(d.output), d.slope)
    return perBlock(d.output) { block, worker, _ in
      leakyReLUForward(from(block, worker), to(block, worker), count: to.vectors, slope: slope)
    }
  }

  func launches(_ d: LeakyReLUBackward) -> [Launch] {
    let (result, from, to) = (blocks(d.output), blocks(d.outputGradient), blocks(d.inputGradient))
    let slope = d.slope
    return perBlock(d.output) { block, worker, _ in
      leakyReLUBackward(
        result: result(block, worker), from(block, worker), to(block, worker), count: to.vectors, slope: slope
      )
    }
  }
}
