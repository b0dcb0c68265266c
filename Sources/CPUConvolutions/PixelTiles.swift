import CPUKernels

/// Elements of a pixel's chains that stay in the L1 cache (20 KB of its 32) while all tiles read them.
@inline(__always) var elementsInCache: Int { 160 * span }

/// Calls `body` with equal parts of `count` elements, as offset and number, that stay in the L1 cache: multiples of four,
/// but for the last.
@inline(__always) func forEachSlice(_ count: Int, _ body: (_ offset: Int, _ count: Int) -> Void) {
  let slices = (count + elementsInCache - 1) / elementsInCache
  let size = ((count + slices - 1) / slices + 3) & ~3
  var offset = 0
  while offset < count {
    body(offset, minimum(size, count - offset))
    offset += size
  }
}

/// The results of one pixel: tiles of four channels, which read the same elements. Where these are too many for the L1
/// cache, all tiles go through one slice of them after another.
struct PixelTiles {
  let epilogue: Epilogue
  let output: MutableVectors
  /// The first channel's place in the output.
  let place: Int
  let other: Int
  let channels: Int
  let tiles: Range<Int>

  /// Computes each tile by one call of `add`, from the beginning of its chains to their end.
  @inline(__always) func compute(_ add: (_ sums: inout Tile, _ tile: Int) -> Void) {
    for tile in tiles {
      var sums = start(tile)
      add(&sums, tile)
      store(sums, tile)
    }
  }

  /// Computes the tiles in steps, each a call of ``proceed(_:)``, between which the chains lie in the output.
  @inline(__always) func computeSlices(_ steps: () -> Void) {
    for tile in tiles { keep(start(tile), tile) }
    steps()
    for tile in tiles { store(resumed(tile), tile) }
  }

  /// Continues the chains of each tile by one call of `add`.
  @inline(__always) func proceed(_ add: (_ sums: inout Tile, _ tile: Int) -> Void) {
    for tile in tiles {
      var sums = resumed(tile)
      add(&sums, tile)
      keep(sums, tile)
    }
  }

  /// Channels of a tile: fewer than four only in the last.
  @inline(__always) func there(_ tile: Int) -> Int { minimum(4, channels - 4 * tile) }

  @inline(__always) private func start(_ tile: Int) -> Tile {
    if epilogue.continues { return resumed(tile) }
    let (first, last) = (4 * tile, channels - 1)
    return Tile(
      epilogue.start(first), epilogue.start(minimum(first + 1, last)),
      epilogue.start(minimum(first + 2, last)), epilogue.start(minimum(first + 3, last)))
  }

  @inline(__always) private func resumed(_ tile: Int) -> Tile {
    let zero = Vector(repeating: 0)
    var sums = Tile(zero, zero, zero, zero)
    sums.resume(output, place + 4 * tile * span, other, step: span, count: there(tile))
    return sums
  }

  @inline(__always) private func keep(_ sums: Tile, _ tile: Int) {
    forEachChannel(sums, tile) { index, low, high in
      output[index] = low
      output[index + other] = high
    }
  }

  @inline(__always) private func store(_ sums: Tile, _ tile: Int) {
    forEachChannel(sums, tile) { index, low, high in epilogue.store(output, index, other, low, high) }
  }

  @inline(__always) private func forEachChannel(
    _ sums: Tile, _ tile: Int, _ body: (_ index: Int, _ low: Vector, _ high: Vector) -> Void
  ) {
    let (index, there) = (place + 4 * tile * span, there(tile))
    body(index, sums.a0, sums.a1)
    if there > 1 { body(index + span, sums.b0, sums.b1) }
    if there > 2 { body(index + 2 * span, sums.c0, sums.c1) }
    if there > 3 { body(index + 3 * span, sums.d0, sums.d1) }
  }
}
