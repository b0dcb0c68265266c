import CPUKernels
import Programs

extension LinearForward {
  func launch(_ memory: Memory) -> Launch {
    memory.down(
      Geometry(shape), batch: shape.batch, big: memory.images(input), weight: memory.floats(weight),
      small: memory.images(output), Epilogue(bias: bias, activation, memory))
  }
}

extension LinearBackwardInput {
  func launch(_ memory: Memory) -> Launch {
    memory.up(
      Geometry(shape), batch: shape.batch, small: memory.images(outputGradient),
      weight: memory.floats(weight), big: memory.images(inputGradient),
      Epilogue(mask, memory, continues: accumulate))
  }
}

extension LinearBackwardWeight {
  /// Items: every tile of outputs × a strip of inputs, and every tile of biases.
  func launch(_ memory: Memory) -> Launch {
    let shape = shape
    let (input, gradient) = (memory.images(input), memory.images(outputGradient))
    let (weights, biases) = (memory.floats(weightGradient), memory.floats(biasGradient))
    let blocks = Blocking.blocks(shape.batch)
    let kernels = memory.convolutions
    let tileOutputs = kernels.weightChannels
    let tiles = (shape.outputs + tileOutputs - 1) / tileOutputs
    let strip = 48
    let strips = (shape.inputs + strip - 1) / strip
    return Launch(items: tiles * strips + (shape.outputs + 3) / 4) { item, _, _ in
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
  }
}

extension Memory {
  func launches(_ d: LinearForward) -> [Launch] { [d.launch(self)] }
  func launches(_ d: LinearBackwardInput) -> [Launch] { [d.launch(self)] }
  func launches(_ d: LinearBackwardWeight) -> [Launch] { [d.launch(self)] }
}
