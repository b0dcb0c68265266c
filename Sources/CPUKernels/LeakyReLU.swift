import Numerics

/// `count` vectors: output = x > 0 ? x : slope · x.
public func leakyReLUForward(_ input: Images, _ output: MutableImages, count: Int, slope: Float) {
  for i in 0..<count { output[i] = Formulas.leakyRelu(input[i], slope: slope) }
}

/// `count` vectors: the gradient through leaky ReLU, taken from its result.
public func leakyReLUBackward(
  result: Images, _ outputGradient: Images, _ inputGradient: MutableImages, count: Int, slope: Float
) {
  for i in 0..<count {
    inputGradient[i] = Formulas.leakyReluGradient(outputGradient[i], result: result[i], slope: slope)
  }
}
