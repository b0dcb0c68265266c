import Kernels
import Programs

/// The nine sizes that every convolution kernel takes.
private func sizes(_ g: ConvolutionGeometry) -> [Argument] {
  [
    .int(g.big.channels), .int(g.big.height), .int(g.big.width), .int(g.small.channels), .int(g.small.height),
    .int(g.small.width), .int(g.kernel), .int(g.stride), .int(g.padding),
  ]
}

/// Arguments of a forward pass, of either kind of convolution.
struct ConvolutionForwardArguments: KernelArguments {
  let descriptor: ConvolutionForward
  let span: Int

  var kernel: Kernel {
    descriptor.convolution.direction == .down ? .conv2DForward : .convTranspose2DForward
  }
  var arguments: [Argument] {
    [
      .buffer(descriptor.input), .buffer(descriptor.weight), .buffer(descriptor.bias),
      .buffer(descriptor.output),
    ]
      + sizes(descriptor.convolution.geometry) + [.flag(descriptor.activation == .relu), .int(span)]
  }
}

/// Arguments of an input gradient, of either kind of convolution.
struct ConvolutionBackwardInputArguments: KernelArguments {
  let descriptor: ConvolutionBackwardInput
  let span: Int

  var kernel: Kernel {
    descriptor.convolution.direction == .down ? .conv2DBackwardInput : .convTranspose2DBackwardInput
  }
  var arguments: [Argument] {
    // Without a mask any buffer will do: it is not read.
    let mask = descriptor.mask?.output ?? descriptor.outputGradient
    return [
      .buffer(descriptor.outputGradient), .buffer(descriptor.weight), .buffer(mask),
      .buffer(descriptor.inputGradient),
    ] + sizes(descriptor.convolution.geometry) + [
      .flag(descriptor.mask != nil), .float(descriptor.mask?.scale ?? 1), .int(span),
    ]
  }
}

/// Arguments of the weight gradient, of either kind of convolution.
struct ConvolutionBackwardWeightArguments: KernelArguments {
  let descriptor: ConvolutionBackwardWeight
  let itemQuads: Int
  let itemTiles: Int

  var kernel: Kernel {
    descriptor.convolution.direction == .down ? .conv2DBackwardWeight : .convTranspose2DBackwardWeight
  }
  var arguments: [Argument] {
    [.buffer(descriptor.input), .buffer(descriptor.outputGradient), .buffer(descriptor.partials)]
      + sizes(descriptor.convolution.geometry) + [
        .int(Blocking.blocks(descriptor.convolution.batch)), .int(descriptor.weightOffset),
        .int(descriptor.biasOffset), .int(descriptor.stride), .int(itemQuads), .int(itemTiles),
      ]
  }
}

extension LaunchPlanner {
  func launches(_ d: ConvolutionForward) -> [Launch] {
    let shape = ConvolutionWork(d.convolution.direction, d.convolution.geometry)
    let span = span(shape.tilesInRow)
    let layer = Launch(
      ConvolutionForwardArguments(descriptor: d, span: span),
      images(d.convolution.batch, tiles: shape.channelTiles, places: shape.places(span: span)))
    return [layer] + activation(after: d.activation, d.output)
  }

  func launches(_ d: ConvolutionBackwardInput) -> [Launch] {
    let back: Convolution.Direction = d.convolution.direction == .down ? .up : .down
    let shape = ConvolutionWork(back, d.convolution.geometry)
    let span = span(shape.tilesInRow)
    return [
      Launch(
        ConvolutionBackwardInputArguments(descriptor: d, span: span),
        images(d.convolution.batch, tiles: shape.channelTiles, places: shape.places(span: span)))
    ]
  }

  func launches(_ d: ConvolutionBackwardWeight) -> [Launch] {
    let work = WeightGradientWork(d.convolution, self)
    return [
      Launch(
        ConvolutionBackwardWeightArguments(
          descriptor: d, itemQuads: work.itemQuads, itemTiles: work.itemTiles),
        lanes(work.items, places: work.chunks))
    ]
  }
}

/// How many quads of channels and tiles of taps a work-item of the weight gradient takes.
private struct WeightGradientWork {
  private(set) var itemQuads = 1
  private(set) var itemTiles = 1
  let chunks: Int
  private let quads: Int
  private let tiles: Int
  private let biasQuads: Int

  /// Items of a chunk.
  var items: Int {
    (quads + itemQuads - 1) / itemQuads * ((tiles + itemTiles - 1) / itemTiles) + biasQuads
  }

  init(_ convolution: Convolution, _ planner: LaunchPlanner) {
    let g = convolution.geometry
    chunks = Blocking.chunks(convolution.batch)
    quads = (g.small.channels + 3) / 4
    tiles = g.kernel * ((g.kernel * g.big.channels + 2) / 3)
    biasQuads = (convolution.output.channels + 3) / 4
    guard planner.options.lanes > 1 else { return }
    // ITEM_TILES of the kernel is 4 × 4. Sharing saves reads, but every compute unit wants several items.
    itemQuads = Swift.min(planner.span(4), 4)
    itemTiles = Swift.min(planner.span(4), 4)
    while items * chunks < 4 * planner.units, itemQuads * itemTiles > 1 {
      if itemQuads >= itemTiles { itemQuads = (itemQuads + 1) / 2 } else { itemTiles = (itemTiles + 1) / 2 }
    }
  }
}

/// How the register tiles of `tile.cl` cover a map.
private struct ConvolutionWork {
  /// Tiles of four channels.
  let channelTiles: Int
  /// Tiles in a row of the map: pixels, or, going up to one channel, four pixels of one phase.
  let tilesInRow: Int
  let rows: Int

  init(_ direction: Convolution.Direction, _ g: ConvolutionGeometry) {
    let map = direction == .down ? g.small : g.big
    channelTiles = (map.channels + 3) / 4
    rows = map.height
    let isOneChannel = direction == .up && map.channels == 1
    tilesInRow = isOneChannel ? g.stride * ((map.width + 4 * g.stride - 1) / (4 * g.stride)) : map.width
  }

  func places(span: Int) -> Int { rows * ((tilesInRow + span - 1) / span) }
}
