import CPUKernels
import Programs

extension Memory {
  func launches(_ d: ActivationForward) -> [Launch] {
    let (from, to, function) = (images(d.input), images(d.output), d.activation.function)
    let vectors = d.output.blockVectors
    return perBlock(d.output) { block, _ in
      activationForward(from + block * vectors, to + block * vectors, count: vectors, function: function)
    }
  }

  func launches(_ d: ActivationBackward) -> [Launch] {
    let (result, from, to) = (images(d.output), images(d.outputGradient), images(d.inputGradient))
    let (function, vectors) = (d.activation.function, d.output.blockVectors)
    return perBlock(d.output) { block, _ in
      activationBackward(
        result: result + block * vectors, from + block * vectors, to + block * vectors, count: vectors,
        function: function)
    }
  }
}
