import CPUKernels
import Programs

extension Memory {
  func launches(_ d: ActivationForward) -> [Launch] {
    let (from, to, function) = (blocks(d.input), blocks(d.output), d.activation.function)
    return perBlock(d.output) { block, worker, _ in
      activationForward(from(block, worker), to(block, worker), count: to.vectors, function: function)
    }
  }

  func launches(_ d: ActivationBackward) -> [Launch] {
    let (result, from, to) = (blocks(d.output), blocks(d.outputGradient), blocks(d.inputGradient))
    let function = d.activation.function
    return perBlock(d.output) { block, worker, _ in
      activationBackward(
        result: result(block, worker), from(block, worker), to(block, worker), count: to.vectors,
        function: function)
    }
  }
}
