import CPUKernels
import Numerics

#if !WIDE
  /// Gradient of the weights where the number of big channels is even: one tap at a time, over the columns of the small
  /// map that it meets, so that no tap is outside. See `ConvolutionKernels.weight`; `small` is at the tile's first channel.
  func weightOfPairs(
    _ g: Geometry, big: Images, small: Images, gradient: UnsafeMutablePointer<Float>, scratch: MutableImages,
    blocks: Int, tile: Int, there: Int, ky: Range<Int>
  ) {
    let tiles = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: PairTile.self)
    let count = g.kernel * g.bigChannels / 2
    for i in 0..<count * ky.count { tiles[i] = PairTile() }
    let copy = UnsafeMutableRawPointer(tiles + count * ky.count).assumingMemoryBound(to: Lanes.self)
    forEachStrip(g, big, small, blocks, ky, copy: copy, there) { rows, big, small, row in
      weightRows(g, rows, big, small, tiles + (row - ky.lowerBound) * count)
    }
    let place = gradient + (tile * g.kernel + ky.lowerBound) * g.kernel * g.bigChannels * 4
    for i in 0..<count * ky.count { storePair(tiles + i, place + 8 * i, there) }
  }

  /// Eight accumulators: four small channels × two big ones.
  struct PairTile {
    var a0, a1, b0, b1, c0, c1, d0, d1: Vector

    @inline(__always) init() {
      let zero = Vector(repeating: 0)
      (a0, a1, b0, b1, c0, c1, d0, d1) = (zero, zero, zero, zero, zero, zero, zero, zero)
    }

    /// Eight images.
    @inline(__always) mutating func add(_ s: Images, _ x: Images) {
      let (x0, x1) = (x[0], x[2])
      let (sa, sb, sc, sd) = (s[0], s[2], s[4], s[6])
      a0 = fma(sa, x0, a0)
      a1 = fma(sa, x1, a1)
      b0 = fma(sb, x0, b0)
      b1 = fma(sb, x1, b1)
      c0 = fma(sc, x0, c0)
      c1 = fma(sc, x1, c1)
      d0 = fma(sd, x0, d0)
      d1 = fma(sd, x1, d1)
    }
  }

  /// Some rows of the small map, and the rows of the big map that they meet, for all taps and pairs of big channels.
  @inline(__always) private func weightRows(
    _ g: Geometry, _ rows: Int, _ row: Images, _ small: Images, _ tiles: UnsafeMutablePointer<PairTile>
  ) {
    let step = g.bigChannels * 2
    let (smallStep, bigStep) = (2 * Convolutions.weightChannels, g.stride * step)
    let (smallRow, bigRow) = (g.smallWidth * smallStep, g.bigWidth * bigStep)
    var tile = tiles
    var kx = 0
    while kx < g.kernel {
      // Columns of the small map where the tap falls inside.
      let first = maximum(0, (g.padding - kx + g.stride - 1) / g.stride)
      let last = minimum(g.smallWidth, (g.bigWidth - 1 + g.padding - kx + g.stride) / g.stride)
      if first < last {
        let firstSmall = small + first * smallStep
        let firstBig = row + (first * g.stride - g.padding + kx) * step
        var channel = 0
        repeat {
          var sums = tile[channel]
          var left = rows
          var (s, x) = (firstSmall, firstBig + 4 * channel)
          repeat {
            var (pixel, bigPixel, count) = (s, x, last - first)
            repeat {
              sums.add(pixel, bigPixel)
              sums.add(pixel + 1, bigPixel + 1)
              pixel += smallStep
              bigPixel += bigStep
              count -= 1
            } while count > 0
            s += smallRow
            x += bigRow
            left -= 1
          } while left > 0
          tile[channel] = sums
          channel += 1
        } while channel < g.bigChannels / 2
      }
      tile += g.bigChannels / 2
      kx += 1
    }
  }
#endif
