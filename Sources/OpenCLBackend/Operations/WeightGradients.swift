import Kernels
import Programs

extension LaunchPlanner {
  /// One launch for all these; nil unless all that they read is in the arena and what they write in one buffer for
  /// convolutions and one for linear layers.
  func weightGradients(_ operations: [Operation], _ memory: ProgramMemory) throws -> Launch? {
    var rows: [UInt32] = []
    var items = 0
    var (partials, gradients): (Set<Buffer>, Set<Buffer>) = ([], [])
    for operation in operations {
      var row: WeightLayer
      switch operation.descriptor {
      case let d as ConvolutionBackwardWeight:
        guard let input = memory.arenaOffset(of: d.input),
          let gradient = memory.arenaOffset(of: d.outputGradient)
        else { return nil }
        let work = WeightGradientWork(d.convolution, self)
        let (root, start) = memory.root(of: d.partials)
        partials.insert(root)
        row = WeightLayer(
          kind: d.convolution.direction == .down ? 0 : 1, input, gradient, weight: start + d.weightOffset,
          bias: start + d.biasOffset, blocks: Blocking.blocks(d.convolution.batch),
          item: (work.itemQuads, work.itemTiles), groups: work.groups)
        row.step = d.stride
        row.sizes = MapSizes(d.convolution.geometry)
        row.chunks = Blocking.chunks(d.convolution.batch)
      case let d as LinearBackwardWeight:
        guard let input = memory.arenaOffset(of: d.input),
          let gradient = memory.arenaOffset(of: d.outputGradient)
        else { return nil }
        let work = LinearWeightWork(d.shape, self)
        let (weight, bias) = (memory.root(of: d.weightGradient), memory.root(of: d.biasGradient))
        gradients.formUnion([weight.buffer, bias.buffer])
        row = WeightLayer(
          kind: 2, input, gradient, weight: weight.offset, bias: bias.offset,
          blocks: Blocking.blocks(d.shape.batch), item: (work.itemQuads, work.itemTiles), groups: work.groups)
        (row.inputs, row.outputs) = (d.shape.inputs, d.shape.outputs)
      default: return nil
      }
      rows += row.words(first: items, items: row.groups * sumsTogether)
      items += row.chunks * row.groups * sumsTogether
    }
    guard partials.count <= 1, gradients.count <= 1, let any = partials.first ?? gradients.first else {
      return nil
    }
    return Launch(
      .backwardWeights, lanes(groups: items / sumsTogether),
      [
        .floats(memory.arena), .buffer(partials.first ?? any), .buffer(gradients.first ?? any),
        .words(try constant("layers of weights", rows)), .int(operations.count),
      ])
  }
}

/// A row of the table in `weight_gradients.cl`.
private struct WeightLayer {
  let kind, input, outputGradient, weight, bias, blocks: Int
  let item: (quads: Int, tiles: Int)
  /// Groups of a chunk.
  let groups: Int
  var (step, inputs, outputs, chunks) = (0, 0, 0, 1)
  var sizes: MapSizes?

  init(
    kind: Int, _ input: Int, _ outputGradient: Int, weight: Int, bias: Int, blocks: Int,
    item: (quads: Int, tiles: Int), groups: Int
  ) {
    (self.kind, self.input, self.outputGradient) = (kind, input, outputGradient)
    (self.weight, self.bias, self.blocks, self.item, self.groups) = (weight, bias, blocks, item, groups)
  }

  func words(first: Int, items: Int) -> [UInt32] {
    let numbers = [
      first, items, kind, input, outputGradient, weight, bias, step, blocks, inputs, outputs, item.quads,
      item.tiles,
    ]
    return numbers.map(UInt32.init) + (sizes?.words ?? [UInt32](repeating: 0, count: MapSizes.wordCount))
  }
}
