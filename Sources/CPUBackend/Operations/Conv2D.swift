import CPUKernels
import Programs

extension Geometry {
  init(_ g: ConvolutionGeometry) {
    self.init(
      bigChannels: g.big.channels, bigHeight: g.big.height, bigWidth: g.big.width,
      smallChannels: g.small.channels, smallHeight: g.small.height, smallWidth: g.small.width,
      kernel: g.kernel, stride: g.stride, padding: g.padding)
  }

  /// A linear layer as a convolution of one pixel: inputs are the big channels, outputs the small ones.
  init(_ linear: LinearShape) {
    self.init(
      bigChannels: linear.inputs, bigHeight: 1, bigWidth: 1,
      smallChannels: linear.outputs, smallHeight: 1, smallWidth: 1, kernel: 1, stride: 1, padding: 0)
  }
}

/// What makes the epilogue of an item: a mask lies where the item's worker has it.
struct EpilogueSource {
  private let fixed: Epilogue
  private let mask: ImageBlocks?

  init(_ mask: ReLUMask?, _ memory: Memory, continues: Bool = false) {
    self.mask = mask.map { memory.blocks($0.output) }
    fixed = Epilogue(mask: nil, scale: mask?.scale ?? 1, continues: continues)
  }

  init(bias: Buffer, _ activation: Activation, _ memory: Memory) {
    mask = nil
    fixed = Epilogue(bias: memory.floats(bias), function: activation.function)
  }

  /// The epilogue for the chunk of `block`.
  func callAsFunction(_ block: Int, _ worker: Int) -> Epilogue {
    guard let mask else { return fixed }
    return Epilogue(mask: mask.chunk(of: block, worker), scale: fixed.scale, continues: fixed.continues)
  }
}

extension Activation {
  var function: Epilogue.Function {
    switch self {
    case .identity: .identity
    case .relu: .relu
    case .sigmoid: .sigmoid
    case .tanh: .tanh
    case .softplus: .softplus
    }
  }
}

extension Memory {
  /// Work split over blocks of images (or pairs of them) × tiles of four channels, and over rows of the output if that
  /// is too little to keep the threads busy.
  private func tiled(
    batch: Int, channels: Int, rows: Int,
    _ body:
      @escaping (_ block: Int, _ partner: Int, _ tiles: Range<Int>, _ rows: Range<Int>, _ worker: Int) -> Void
  ) -> Launch {
    let (tiles, blocks, atOnce) = ((channels + 3) / 4, Blocking.blocks(batch), convolutions.blocksAtOnce)
    let together = (blocks + atOnce - 1) / atOnce
    let cuts = threads == 1 ? 1 : min(rows, max(1, 2 * threads / (together * tiles)))
    // The tiles of an item read their input from the L1 cache.
    let isWhole = Blocking.chunksOneByOne(batch, threads: threads) != nil
    let inItem = isWhole ? tiles : max(1, together * tiles / (4 * threads))
    let pieces = (tiles + inItem - 1) / inItem * cuts
    return Launch(items: together * pieces, perChunk: Blocking.blocksInChunk / atOnce * pieces) {
      item, worker, _ in
      let (block, piece) = (item / pieces * atOnce, item % pieces)
      let (partner, cut, first) = (min(block + atOnce, blocks) - 1, piece % cuts, piece / cuts * inItem)
      let rows = cut * rows / cuts..<(cut + 1) * rows / cuts
      body(block, partner, first..<min(first + inItem, tiles), rows, worker)
    }
  }

  /// Big map to small map, for any layer.
  func down(
    _ g: Geometry, batch: Int, big: ImageBlocks, weight: UnsafeMutablePointer<Float>, small: ImageBlocks,
    _ epilogue: EpilogueSource
  ) -> Launch {
    let kernels = convolutions
    return tiled(batch: batch, channels: g.smallChannels, rows: g.smallHeight) {
      block, partner, tiles, rows, worker in
      kernels.down(
        g, big: big.chunk(of: block, worker), weight: weight, small: small.chunk(of: block, worker),
        epilogue: epilogue(block, worker), block: block % Blocking.blocksInChunk,
        partner: partner % Blocking.blocksInChunk, tiles: tiles, rows: rows)
    }
  }

  /// Small map to big map, for any layer.
  func up(
    _ g: Geometry, batch: Int, small: ImageBlocks, weight: UnsafeMutablePointer<Float>, big: ImageBlocks,
    _ epilogue: EpilogueSource
  ) -> Launch {
    let kernels = convolutions
    return tiled(batch: batch, channels: g.bigChannels, rows: g.bigHeight) {
      block, partner, tiles, rows, worker in
      kernels.up(
        g, small: small.chunk(of: block, worker), weight: weight, big: big.chunk(of: block, worker),
        epilogue: epilogue(block, worker), block: block % Blocking.blocksInChunk,
        partner: partner % Blocking.blocksInChunk, tiles: tiles, rows: rows)
    }
  }
}

extension Memory {
  func launches(_ d: ConvolutionForward) -> [Launch] {
    let (from, to, weight) = (blocks(d.input), blocks(d.output), floats(d.weight))
    let epilogue = EpilogueSource(bias: d.bias, d.activation, self)
    let (g, batch) = (Geometry(d.convolution.geometry), d.convolution.batch)
    return [
      d.convolution.direction == .down
        ? down(g, batch: batch, big: from, weight: weight, small: to, epilogue)
        : up(g, batch: batch, small: from, weight: weight, big: to, epilogue)
    ]
  }

  func launches(_ d: ConvolutionBackwardInput) -> [Launch] {
    let (from, to, weight) = (blocks(d.outputGradient), blocks(d.inputGradient), floats(d.weight))
    let epilogue = EpilogueSource(d.mask, self)
    let (g, batch) = (Geometry(d.convolution.geometry), d.convolution.batch)
    return [
      d.convolution.direction == .down
        ? up(g, batch: batch, small: from, weight: weight, big: to, epilogue)
        : down(g, batch: batch, big: from, weight: weight, small: to, epilogue)
    ]
  }

  /// Items: for every chunk, every tile of small channels (and, if that is too little for the threads, every row of the
  /// kernel), and every tile of biases.
  func launches(_ d: ConvolutionBackwardWeight) throws -> [Launch] {
    let g = Geometry(d.convolution.geometry)
    let (input, gradient) = (blocks(d.input), blocks(d.outputGradient))
    let (big, small) = d.convolution.direction == .down ? (input, gradient) : (gradient, input)
    let (partials, zeros, kernels) = (floats(d.partials), zeros, convolutions)
    let (weightOffset, biasOffset, stride) = (d.weightOffset, d.biasOffset, d.stride)
    let output = d.convolution.output
    let tileChannels = kernels.weightChannels
    let tiles = (g.smallChannels + tileChannels - 1) / tileChannels
    let chunks = Blocking.chunks(d.convolution.batch)
    let cuts = tiles * chunks < 4 * threads ? g.kernel : 1
    let weightItems = tiles * cuts
    let items = weightItems + (output.channels + 3) / 4
    let blocks = Blocking.blocks(d.convolution.batch)
    try reserveScratch(kernels.weightScratch(g))
    let launch = Launch(items: chunks * items, perChunk: items) { [self] item, worker, _ in
      let (chunk, piece) = (item / items, item % items)
      let first = chunk * Blocking.blocksInChunk
      let count = min(Blocking.blocksInChunk, blocks - first)
      if piece < weightItems {
        kernels.weight(
          g, big: big(first, worker), small: small(first, worker),
          gradient: partials + chunk * stride + weightOffset, zeros: zeros, scratch: scratch(worker),
          blocks: count, tile: piece / cuts, ky: cuts == 1 ? 0..<g.kernel : piece % cuts..<piece % cuts + 1)
      } else {
        biasGradient(
          gradient(first, worker), channels: output.channels, pixels: output.height * output.width,
          gradient: partials + chunk * stride + biasOffset, blocks: count, tile: piece - weightItems)
      }
    }
    return [launch]
  }
}
