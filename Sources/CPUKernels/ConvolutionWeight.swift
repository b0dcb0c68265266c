import Numerics

/// Gradient of a convolution (of either kind) with respect to its weights, over one chunk of images.
///
/// Computes the small channels `4·tile ..< 4·tile + 4` for row `ky` of the kernel, for all big channels, into
/// `gradient` (the weights' packed order). In each of 8 lanes one fma chain over (block, y, x, half) ascending.
/// A tap outside adds 0 × value, which no sum that ends with + 0.0 can tell from skipping it.
///
/// A few rows at a time over all big channels, the accumulators waiting in `scratch`: these rows fit into the
/// first cache, where pixels a power of two apart would push each other out (1.3 × over whole images).
/// `scratch` holds ``convolutionWeightScratch(_:)`` vectors, `zeros` two vectors of +0.
public func convolutionWeight(
  _ g: Geometry, big: Images, small: Images, gradient: UnsafeMutablePointer<Float>, zeros: Images,
  scratch: MutableImages, firstBlock: Int, blocks: Int, tile: Int, ky: Int
) {
  let there = minimum(4, g.smallChannels - 4 * tile)
  let tiles = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: WeightTile.self)
  let count = (g.kernel + 2) / 3 * g.channels
  for i in 0..<count { tiles[i] = WeightTile() }
  let rows = (
    maximum(0, (g.padding - ky + g.stride - 1) / g.stride),
    minimum(g.smallHeight, (g.height - 1 + g.padding - ky + g.stride) / g.stride)
  )
  let rowsAtOnce = maximum(1, 16 / g.smallWidth)
  for block in firstBlock..<firstBlock + blocks {
    var y = rows.0
    while y < rows.1 {
      let row = big + (block * g.height + y * g.stride - g.padding + ky) * g.width * g.channels * 2
      let strip = minimum(rowsAtOnce, rows.1 - y)
      let s = small + ((block * g.smallHeight + y) * g.smallWidth * g.smallChannels + 4 * tile) * 2
      if there == 4 {
        weightRows(g, strip, row, s, zeros, tiles, (2, 4, 6))
      } else {
        // Channels that are not there repeat the last one; their sums are not stored.
        let last = 2 * (there - 1)
        weightRows(g, strip, row, s, zeros, tiles, (minimum(2, last), minimum(4, last), last))
      }
      y += strip
    }
  }
  var place = gradient + (tile * g.kernel + ky) * g.kernel * g.channels * 4
  let apart = g.channels * 4
  var sums = tiles
  var kx = 0
  while kx < g.kernel {
    let taps = minimum(3, g.kernel - kx)
    for _ in 0..<g.channels {
      storeLaneSums(sums.pointee, (place, place + apart, place + 2 * apart), taps: taps, there: there)
      sums += 1
      place += 4
    }
    place += 2 * apart
    kx += 3
  }
}

/// Vectors of scratch that ``convolutionWeight`` needs.
public func convolutionWeightScratch(_ g: Geometry) -> Int { (g.kernel + 2) / 3 * g.channels * 12 }

/// Some rows of the small map, and the rows of the big map that they meet, for all taps and big channels.
@inline(__always) private func weightRows(
  _ g: Geometry, _ rows: Int, _ row: Images, _ small: Images, _ zeros: Images,
  _ tiles: UnsafeMutablePointer<WeightTile>, _ offsets: (Int, Int, Int)
) {
  let step = g.channels * 2
  let smallStep = g.smallChannels * 2
  let bigStep = g.stride * step
  var tile = tiles
  var kx = 0
  while kx < g.kernel {
    let taps = minimum(3, g.kernel - kx)
    // Columns of the small map where all the taps fall inside; the others go one by one.
    let inner = maximum(0, (g.padding - kx + g.stride - 1) / g.stride)
    let outer = taps < 3 ? 0 : (g.width + g.padding - kx - 3 + g.stride) / g.stride
    var channel = 0
    repeat {
      var sums = tile.pointee
      var left = rows
      var (s, bigRow) = (small, row + 2 * channel)
      repeat {
        var x = 0
        repeat {
          let inside = x >= inner && x < outer
          var count = inside ? minimum(outer, g.smallWidth) - x : 1
          let column = x * g.stride - g.padding + kx
          var p0 = tap(bigRow, column, g.width, step, zeros)
          var p1 = taps > 1 ? tap(bigRow, column + 1, g.width, step, zeros) : zeros
          var p2 = taps > 2 ? tap(bigRow, column + 2, g.width, step, zeros) : zeros
          x += count
          repeat {
            sums.add(s[0], s[offsets.0], s[offsets.1], s[offsets.2], p0[0], p1[0], p2[0])
            sums.add(s[1], s[offsets.0 + 1], s[offsets.1 + 1], s[offsets.2 + 1], p0[1], p1[1], p2[1])
            s += smallStep
            p0 += bigStep
            p1 += bigStep
            p2 += bigStep
            count -= 1
          } while count > 0
        } while x < g.smallWidth
        bigRow += g.stride * g.width * step
        left -= 1
      } while left > 0
      tile.pointee = sums
      tile += 1
      channel += 1
    } while channel < g.channels
    kx += 3
  }
}

/// The element at `column` of a row, or zeros outside of it.
@inline(__always) private func tap(
  _ row: Images, _ column: Int, _ width: Int, _ step: Int, _ zeros: Images
) -> Images {
  column >= 0 && column < width ? row + column * step : zeros
}

/// Gradient with respect to the bias: lane sums of `count` consecutive channels from `first` over one chunk of images.
///
/// In each of 8 lanes additions over (block, y, x, half) ascending, then the lane join and + 0.0.
public func biasGradient(
  _ values: Images, channels: Int, pixels: Int, gradient: UnsafeMutablePointer<Float>,
  firstBlock: Int, blocks: Int, tile: Int
) {
  let first = 4 * tile
  let there = minimum(4, channels - first)
  let second = minimum(1, there - 1) * 2
  let third = minimum(2, there - 1) * 2
  let fourth = minimum(3, there - 1) * 2
  let zero = Lanes(repeating: 0)
  var (a, b, c, d) = (zero, zero, zero, zero)
  var p = values + (firstBlock * pixels * channels + first) * 2
  var left = blocks * pixels
  while left > 0 {
    a = (a + p[0]) + p[1]
    b = (b + p[second]) + p[second + 1]
    c = (c + p[third]) + p[third + 1]
    d = (d + p[fourth]) + p[fourth + 1]
    p += channels * 2
    left -= 1
  }
  let sums = Summation.joinLanes4(a, b, c, d) + SIMD4(repeating: 0)
  for i in 0..<there { gradient[first + i] = sums[i] }
}
