import CPUKernels
import Programs

extension Memory {
  func launches(_ d: LinearForward) -> [Launch] {
    [
      down(
        Geometry(d.shape), batch: d.shape.batch, big: blocks(d.input), weight: floats(d.weight),
        small: blocks(d.output), EpilogueSource(bias: d.bias, d.activation, self))
    ]
  }

  func launches(_ d: LinearBackwardInput) -> [Launch] {
    [
      up(
        Geometry(d.shape), batch: d.shape.batch, small: blocks(d.outputGradient), weight: floats(d.weight),
        big: blocks(d.inputGradient), EpilogueSource(d.mask, self, continues: d.accumulate))
    ]
  }

  /// Items: every group of tiles of outputs × a strip of inputs, and every tile of biases.
  func launches(_ d: LinearBackwardWeight) throws -> [Launch] {
    let shape = d.shape
    let (input, gradient) = (images(d.input), images(d.outputGradient))
    let (weights, biases) = (floats(d.weightGradient), floats(d.biasGradient))
    let blocks = Blocking.blocks(shape.batch)
    let kernels = convolutions
    let tiles = (shape.outputs + kernels.weightChannels - 1) / kernels.weightChannels
    let strip = 96
    let strips = (shape.inputs + strip - 1) / strip
    // The rows of a group stay in the L2 cache; the more tiles, the less often inputs are copied, but with few images
    // sums are written in too many places at once.
    let most = threads == 1 ? tiles : tiles * strips / (4 * threads)
    let group = min(tiles, max(2, min(max(8, 2 * blocks), 512 / blocks, most)))
    let groups = (tiles + group - 1) / group
    try reserveScratch(kernels.linearWeightScratch(tiles: group, blocks: blocks))
    let launch = Launch(items: groups * strips + (shape.outputs + 3) / 4) { [self] item, worker, _ in
      if item < groups * strips {
        let (firstTile, first) = (item / strips * group, item % strips * strip)
        kernels.linearWeight(
          input: input, inputs: shape.inputs, outputGradient: gradient, outputs: shape.outputs,
          gradient: weights, blocks: blocks, tiles: firstTile..<min(firstTile + group, tiles), first: first,
          last: min(first + strip, shape.inputs), scratch: scratch(worker))
      } else {
        CPUKernels.biasGradient(
          gradient, channels: shape.outputs, pixels: 1, gradient: biases, blocks: blocks,
          tile: item - groups * strips)
      }
    }
    return [launch]
  }
}
