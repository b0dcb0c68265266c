import Kernels
import Programs

/// The sizes of a convolution as passed to its kernels: the struct of the same name in `tile.cl`.
struct MapSizes: Sendable {
  let bigChannels, bigHeight, bigWidth, smallChannels, smallHeight, smallWidth: Int32
  let kernelSize, stride, padding: Int32

  init(_ g: ConvolutionGeometry) {
    (bigChannels, bigHeight, bigWidth) = (Int32(g.big.channels), Int32(g.big.height), Int32(g.big.width))
    (smallChannels, smallHeight) = (Int32(g.small.channels), Int32(g.small.height))
    smallWidth = Int32(g.small.width)
    (kernelSize, stride, padding) = (Int32(g.kernel), Int32(g.stride), Int32(g.padding))
  }

  static let wordCount = 9
  /// The struct word by word.
  var words: [UInt32] {
    [bigChannels, bigHeight, bigWidth, smallChannels, smallHeight, smallWidth, kernelSize, stride, padding]
      .map { UInt32(bitPattern: $0) }
  }
}

extension LaunchPlanner {
  func launches(_ d: ConvolutionForward) -> [Launch] {
    [launch(d, Epilogue(d)!)] + activation(after: d.activation, d.output)
  }

  func launch(_ d: ConvolutionForward, _ epilogue: Epilogue) -> Launch {
    let (direction, geometry) = (d.convolution.direction, d.convolution.geometry)
    let work = ConvolutionWork(direction, geometry)
    let span = span(work.tilesInRow)
    return Launch(
      direction == .down ? .conv2DForward : .convTranspose2DForward,
      runs(d.convolution.batch, tiles: work.channelTiles, places: work.places(span: span), run: work.run),
      [
        .buffer(d.input), .buffer(d.weight), .buffer(d.bias), .buffer(epilogue.output),
        .sizes(MapSizes(geometry)),
      ] + epilogue.forward + (direction == .down ? [epilogue.isFlattened] : []) + [.int(span)])
  }

  func launches(_ d: ConvolutionBackwardInput) -> [Launch] { [launch(d, Epilogue(d)!)] }

  func launch(_ d: ConvolutionBackwardInput, _ epilogue: Epilogue) -> Launch {
    let (direction, geometry) = (d.convolution.direction, d.convolution.geometry)
    let work = ConvolutionWork(direction == .down ? .up : .down, geometry)
    let span = span(work.tilesInRow)
    return Launch(
      direction == .down ? .conv2DBackwardInput : .convTranspose2DBackwardInput,
      runs(d.convolution.batch, tiles: work.channelTiles, places: work.places(span: span), run: work.run),
      [
        .buffer(d.outputGradient), .buffer(d.weight), epilogue.maskOutput, .buffer(epilogue.output),
        .sizes(MapSizes(geometry)),
      ] + epilogue.backward + (direction == .up ? [epilogue.isFlattened, epilogue.isMaskFlattened] : [])
        + [.int(span)])
  }

  func launches(_ d: ConvolutionBackwardWeight) -> [Launch] {
    let work = WeightGradientWork(d.convolution, self)
    return [
      Launch(
        d.convolution.direction == .down ? .conv2DBackwardWeight : .convTranspose2DBackwardWeight,
        work.grid,
        [
          .buffer(d.input), .buffer(d.outputGradient), .buffer(d.partials),
          .sizes(MapSizes(d.convolution.geometry)), .int(Blocking.blocks(d.convolution.batch)),
          .int(d.weightOffset), .int(d.biasOffset), .int(d.stride), .int(work.itemQuads),
          .int(work.itemTiles),
        ])
    ]
  }
}

/// How the weight gradient of a convolution is divided.
struct WeightGradientWork {
  /// Quads of channels and tiles of taps per work-item; 0 if it computes a single weight (see `lane_gradient.cl`).
  private(set) var itemQuads = 1
  private(set) var itemTiles = 1
  /// Groups of a chunk, if lanes are work-items.
  private(set) var groups = 0
  let grid: Grid

  init(_ convolution: Convolution, _ planner: LaunchPlanner) {
    let g = convolution.geometry
    let chunks = Blocking.chunks(convolution.batch)
    let quads = (g.small.channels + 3) / 4
    let tiles = g.kernel * ((g.kernel * g.big.channels + 2) / 3)
    let biases = convolution.output.channels
    if planner.areImagesItems {
      var items = quads * tiles
      if items * Blocking.lanes * chunks < 128 * planner.units {
        (itemQuads, itemTiles, items) = (0, 0, g.kernel * g.kernel * g.big.channels * g.small.channels)
      }
      groups = planner.groups(of: items) + biases
      grid = planner.lanes(groups: groups, places: chunks)
      return
    }
    // ITEM_TILES of the kernel is 4 × 4. Sharing saves reads, but every compute unit needs several items.
    itemQuads = Swift.min(planner.span(4), 4)
    itemTiles = itemQuads
    func items(_ itemQuads: Int, _ itemTiles: Int) -> Int {
      (quads + itemQuads - 1) / itemQuads * ((tiles + itemTiles - 1) / itemTiles) + (biases + 3) / 4
    }
    while items(itemQuads, itemTiles) * chunks < 4 * planner.units, itemQuads * itemTiles > 1 {
      if itemQuads >= itemTiles { itemQuads = (itemQuads + 1) / 2 } else { itemTiles = (itemTiles + 1) / 2 }
    }
    grid = planner.lanes(items(itemQuads, itemTiles), places: chunks)
  }
}

/// How the register tiles of `tile.cl` cover a map.
private struct ConvolutionWork {
  /// Tiles of four channels.
  let channelTiles: Int
  /// Tiles in a row of the map: pixels, or, going up to one channel, four pixels of one phase.
  let tilesInRow: Int
  let rows: Int
  /// Contiguous products of a chain: a row of taps, or a tap's channels.
  let run: Int

  init(_ direction: Convolution.Direction, _ g: ConvolutionGeometry) {
    let map = direction == .down ? g.small : g.big
    channelTiles = (map.channels + 3) / 4
    rows = map.height
    run = direction == .down ? g.kernel * g.big.channels : g.small.channels / 4
    let isOneChannel = direction == .up && map.channels == 1
    tilesInRow = isOneChannel ? g.stride * ((map.width + 4 * g.stride - 1) / (4 * g.stride)) : map.width
  }

  func places(span: Int) -> Int { rows * ((tilesInRow + span - 1) / span) }
}
