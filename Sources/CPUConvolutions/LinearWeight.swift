import CPUKernels

extension Convolutions {
  // Rows and inputs are first copied into contiguous memory. In place, the blocks of a layer whose width is a power of
  // two map to the same sets of the L1 cache and evict each other: half the speed.
  public static func linearWeight(
    input: Images, inputs: Int, outputGradient: Images, outputs: Int, gradient: UnsafeMutablePointer<Float>,
    blocks: Int, tiles: Range<Int>, first: Int, last: Int, scratch: MutableImages
  ) {
    let rows = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Vector.self)
    let taps = scratch + linearRows * blocks * 2 / span * (tiles.upperBound - tiles.lowerBound)
    let finished = UnsafeMutableRawPointer(taps + linearInputs * 2 * blocks).assumingMemoryBound(
      to: WeightTile.self)
    for tile in tiles {
      packRows(
        outputGradient, outputs: outputs, blocks: blocks, tile: tile,
        into: rows + linearRows * blocks * (tile - tiles.lowerBound))
    }
    var i = first
    while i < last {
      let end = minimum(i + linearInputs, last)
      packInputs(input, inputs: inputs, blocks: blocks, i..<end, into: taps)
      for tile in tiles {
        let there = minimum(weightChannels, outputs - weightChannels * tile)
        multiply(
          rows + linearRows * blocks * (tile - tiles.lowerBound), taps, blocks: blocks,
          gradient + (weightChannels * tile * inputs + i * 4), inputs: end - i, there: there,
          next: inputs * 4,
          finished)
      }
      i = end
    }
  }

  public static func linearWeightScratch(tiles: Int, blocks: Int) -> Int {
    (linearRows * 2 / span * tiles + linearInputs * 2) * blocks + 48 / span
  }
}

/// Vectors of a tile's rows in one block: four of each half.
private var linearRows: Int { 8 }
/// Inputs that stay in the L1 cache while all tiles use them: a multiple of three.
private var linearInputs: Int { 18 }

/// The output gradients of one tile as [blocks][half][4 rows]; missing rows repeat the last one.
private func packRows(
  _ outputGradient: Images, outputs: Int, blocks: Int, tile: Int, into packed: MutableVectors
) {
  let first = Convolutions.weightChannels * tile
  let channels = WeightChannels(there: minimum(Convolutions.weightChannels, outputs - first))
  var (s, place, left) = (outputGradient + 2 * first, packed, blocks)
  repeat {
    for half in 0..<2 {
      place[0] = channels.row(s + half, 0, channels.e)
      place[1] = channels.row(s + half, channels.b, channels.f)
      place[2] = channels.row(s + half, channels.c, channels.g)
      place[3] = channels.row(s + half, channels.d, channels.h)
      place += 4
    }
    s += outputs * 2
    left -= 1
  } while left > 0
}

/// Inputs as [inputs / 3][blocks][half][3]; missing inputs repeat the last one.
private func packInputs(
  _ input: Images, inputs: Int, blocks: Int, _ range: Range<Int>, into packed: MutableImages
) {
  var (i, place) = (range.lowerBound, packed)
  while i < range.upperBound {
    let second = minimum(1, range.upperBound - i - 1) * 2
    let third = minimum(2, range.upperBound - i - 1) * 2
    var (x, left) = (input + 2 * i, blocks)
    repeat {
      (place[0], place[1], place[2]) = (x[0], x[second], x[third])
      (place[3], place[4], place[5]) = (x[1], x[second + 1], x[third + 1])
      x += inputs * 2
      place += 6
      left -= 1
    } while left > 0
    i += 3
  }
}

/// One tile over packed inputs. Both halves in one iteration of the loop would make the accumulators spill.
///
/// The lanes of three inputs are joined while the products of the next three go on: joined at once, they would wait for
/// the last of their own.
private func multiply(
  _ rows: MutableVectors, _ taps: MutableImages, blocks: Int, _ gradient: UnsafeMutablePointer<Float>,
  inputs: Int, there: Int, next: Int, _ finished: UnsafeMutablePointer<WeightTile>
) {
  var (x, i) = (Images(taps), 0)
  while i < inputs {
    var sums = WeightTile()
    var (s, left) = (Vectors(rows), blocks * 2)
    repeat {
      sums.add(s[0], s[1], s[2], s[3], x, x + 1, x + 2)
      s += 4
      x += 3
      left -= 1
    } while left > 0
    finished[i & 1] = sums
    if i > 0 { store(finished + ((i & 1) ^ 1), i - 3) }
    i += 3
  }
  store(finished + ((i & 1) ^ 1), i - 3)

  func store(_ sums: UnsafePointer<WeightTile>, _ i: Int) {
    let output = gradient + i * 4
    storeLaneSums(
      sums, (output, output + 4, output + 8), taps: minimum(3, inputs - i), there: there, next: next)
  }
}
