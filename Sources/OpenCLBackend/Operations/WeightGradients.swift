import Kernels
import Programs

extension LaunchPlanner {
  /// One launch for all these; nil unless all that they read is in the arena and what they write in one buffer for
  /// convolutions and one for linear layers.
  func weightGradients(_ operations: [Operation], _ memory: ProgramMemory) throws -> Launch? {
    let layers = operations.compactMap { WeightLayer($0.descriptor, self, memory) }
    let partials = Set(layers.filter { $0.kind != .linear }.map(\.results))
    let gradients = Set(layers.filter { $0.kind == .linear }.map(\.results))
    guard layers.count == operations.count, partials.count <= 1, gradients.count <= 1 else { return nil }
    var (rows, items): ([UInt32], Int) = ([], 0)
    for layer in layers {
      guard let row = layer.words(first: items, items: layer.groups * sumsTogether) else { return nil }
      rows += row
      items += layer.chunks * layer.groups * sumsTogether
    }
    let any = layers[0].results
    return Launch(
      .backwardWeights, lanes(groups: items / sumsTogether),
      [
        .floats(memory.arena), .buffer(partials.first ?? any), .buffer(gradients.first ?? any),
        .words(try constant("layers of weights", rows)), .int(layers.count),
      ])
  }
}

/// A layer of the table in `weight_gradients.cl`, with fields of the same names there.
private struct WeightLayer {
  /// LAYER_… in the kernel.
  enum Kind: Int { case convolution, transposed, linear }
  let kind: Kind
  /// The buffer that owns the gradients.
  let results: Buffer
  let input, outputGradient, weight, bias: Int
  private(set) var step = 0
  private let blocks: Int
  private(set) var (inputs, outputs) = (0, 0)
  private let itemQuads, itemTiles: Int
  private(set) var sizes: [UInt32] = []
  /// Groups of a chunk, and chunks.
  let groups, chunks: Int

  /// nil if the layer reads anything outside the arena.
  init?(_ descriptor: any Descriptor, _ planner: LaunchPlanner, _ memory: ProgramMemory) {
    switch descriptor {
    case let d as ConvolutionBackwardWeight:
      guard let input = memory.arenaOffset(of: d.input),
        let gradient = memory.arenaOffset(of: d.outputGradient)
      else { return nil }
      let (convolution, work) = (d.convolution, WeightGradientWork(d.convolution, planner))
      let (root, start) = memory.root(of: d.partials)
      kind = convolution.direction == .down ? .convolution : .transposed
      (results, self.input, outputGradient) = (root, input, gradient)
      (weight, bias, step) = (start + d.weightOffset, start + d.biasOffset, d.stride)
      (blocks, chunks) = (Blocking.blocks(convolution.batch), Blocking.chunks(convolution.batch))
      (itemQuads, itemTiles, groups) = (work.itemQuads, work.itemTiles, work.groups)
      sizes = MapSizes(convolution.geometry).words
    case let d as LinearBackwardWeight:
      let (weight, bias) = (memory.root(of: d.weightGradient), memory.root(of: d.biasGradient))
      guard let input = memory.arenaOffset(of: d.input),
        let gradient = memory.arenaOffset(of: d.outputGradient),
        weight.buffer == bias.buffer
      else { return nil }
      let work = LinearWeightWork(d.shape, planner)
      kind = .linear
      (results, self.input, outputGradient) = (weight.buffer, input, gradient)
      (self.weight, self.bias) = (weight.offset, bias.offset)
      (blocks, chunks) = (Blocking.blocks(d.shape.batch), 1)
      (inputs, outputs) = (d.shape.inputs, d.shape.outputs)
      (itemQuads, itemTiles, groups) = (work.itemQuads, work.itemTiles, work.groups)
    default: return nil
    }
  }

  /// The row of a layer whose items begin at `first` and are `items` a chunk; nil if the memory is too large for it.
  func words(first: Int, items: Int) -> [UInt32]? {
    let numbers = [
      first, items, kind.rawValue, input, outputGradient, weight, bias, step, blocks, inputs, outputs,
      itemQuads,
      itemTiles,
    ].compactMap { UInt32(exactly: $0) }
    guard numbers.count == 13 else { return nil }
    return numbers + (sizes.isEmpty ? [UInt32](repeating: 0, count: MapSizes.wordCount) : sizes)
  }
}
