import CPUKernels
import Programs

extension Memory {
  func launches(_ d: LinearForward) -> [Launch] {
    [
      down(
        Geometry(d.shape), batch: d.shape.batch, big: images(d.input), weight: floats(d.weight),
        small: images(d.output), Epilogue(bias: d.bias, d.activation, self))
    ]
  }

  func launches(_ d: LinearBackwardInput) -> [Launch] {
    [
      up(
        Geometry(d.shape), batch: d.shape.batch, small: images(d.outputGradient), weight: floats(d.weight),
        big: images(d.inputGradient), Epilogue(d.mask, self, continues: d.accumulate))
    ]
  }

  /// Items: every tile of outputs × a strip of inputs, and every tile of biases.
  func launches(_ d: LinearBackwardWeight) -> [Launch] {
    let shape = d.shape
    let (input, gradient) = (images(d.input), images(d.outputGradient))
    let (weights, biases) = (floats(d.weightGradient), floats(d.biasGradient))
    let blocks = Blocking.blocks(shape.batch)
    let kernels = convolutions
    let tileOutputs = kernels.weightChannels
    let tiles = (shape.outputs + tileOutputs - 1) / tileOutputs
    let strip = 48
    let strips = (shape.inputs + strip - 1) / strip
    let launch = Launch(items: tiles * strips + (shape.outputs + 3) / 4) { item, _, _ in
      if item < tiles * strips {
        let first = item % strips * strip
        kernels.linearWeight(
          input: input, inputs: shape.inputs, outputGradient: gradient, outputs: shape.outputs,
          gradient: weights, blocks: blocks, tile: item / strips, first: first,
          last: min(first + strip, shape.inputs))
      } else {
        CPUKernels.biasGradient(
          gradient, channels: shape.outputs, pixels: 1, gradient: biases, firstBlock: 0, blocks: blocks,
          tile: item - tiles * strips)
      }
    }
    return [launch]
  }
}
