import CPUKernels
import Numerics

extension Convolutions {
  public static func weight(
    _ g: Geometry, big: Images, small: Images, gradient: UnsafeMutablePointer<Float>, zeros: Images,
    scratch: MutableImages, blocks: Int, tile: Int, ky: Range<Int>
  ) {
    let first = weightChannels * tile
    let there = minimum(weightChannels, g.smallChannels - first)
    let small = small + first * 2
    #if !WIDE
      if g.bigChannels & 1 == 0 {
        return weightOfPairs(
          g, big: big, small: small, gradient: gradient, scratch: scratch, blocks: blocks, tile: tile,
          there: there, ky: ky)
      }
    #endif
    let tiles = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: WeightTile.self)
    let count = (g.kernel + 2) / 3 * g.bigChannels
    for i in 0..<count * ky.count { tiles[i] = WeightTile() }
    forEachStrip(g, big, small, blocks, ky, copy: nil, there) { rows, big, small, row in
      let sums = tiles + (row - ky.lowerBound) * count
      if there == weightChannels {
        weightRows(g, rows, big, small, zeros, sums, WeightChannels())
      } else {
        weightRows(g, rows, big, small, zeros, sums, WeightChannels(there: there))
      }
    }
    for row in ky {
      let place = gradient + (first / 4 * g.kernel + row) * g.kernel * g.bigChannels * 4
      storeRow(g, tiles + (row - ky.lowerBound) * count, place, there)
    }
  }

  public static func weightScratch(_ g: Geometry) -> Int {
    g.kernel * ((g.kernel + 2) / 3) * g.bigChannels * 12 * 2 / span
      + g.stripRows * g.smallWidth * 2 * weightChannels
  }
}

/// Calls `body` for a few rows of the small map at a time and each of the kernel's rows `ky`, with where the first of them
/// begins in both maps, and how many meet the big map there.
///
/// The accumulators are stored meanwhile: these rows stay in the L1 cache, while image by image every pass would read
/// from the L2 cache, at the limit of its bandwidth.
///
/// With a place for a copy, the small map is read there, with only the tile's channels, of which `there` exist. In a
/// wide map the pixels of a channel lie powers of two apart and evict each other from the L1 cache.
@inline(__always) func forEachStrip(
  _ g: Geometry, _ big: Images, _ small: Images, _ blocks: Int, _ ky: Range<Int>, copy: MutableImages?,
  _ there: Int, _ body: (_ rows: Int, _ big: Images, _ small: Images, _ row: Int) -> Void
) {
  for block in 0..<blocks {
    var strip = 0
    while strip < g.smallHeight {
      let end = minimum(strip + g.stripRows, g.smallHeight)
      var from = small + (block * g.smallHeight + strip) * g.smallWidth * g.smallChannels * 2
      if let copy {
        copyTile(from, g, there, pixels: (end - strip) * g.smallWidth, to: copy)
        from = Images(copy)
      }
      let smallRow = g.smallWidth * (copy == nil ? g.smallChannels : Convolutions.weightChannels) * 2
      var row = ky.lowerBound
      while row < ky.upperBound {
        let first = maximum(strip, (g.padding - row + g.stride - 1) / g.stride)
        let inside = (g.bigHeight - 1 + g.padding - row + g.stride) / g.stride
        let last = minimum(end, inside)
        if first < last {
          let bigRow = block * g.bigHeight + first * g.stride - g.padding + row
          body(
            last - first, big + bigRow * g.bigWidth * g.bigChannels * 2, from + (first - strip) * smallRow,
            row)
        }
        row += 1
      }
      strip = end
    }
  }
}

/// Copies the channels of a tile at each of some pixels; those that are missing repeat the last one, and their sums are not
/// stored.
private func copyTile(_ map: Images, _ g: Geometry, _ there: Int, pixels: Int, to copy: MutableImages) {
  var (from, to) = (map, copy)
  for _ in 0..<pixels {
    for channel in 0..<Convolutions.weightChannels {
      let x = from + 2 * minimum(channel, there - 1)
      (to[0], to[1]) = (x[0], x[1])
      to += 2
    }
    from += g.smallChannels * 2
  }
}

extension Geometry {
  /// Rows of the small map in a strip: about sixteen pixels.
  fileprivate var stripRows: Int { maximum(1, 16 / smallWidth) }
}

/// Joins the lanes of one row of the kernel and stores the sums.
private func storeRow(
  _ g: Geometry, _ tiles: UnsafeMutablePointer<WeightTile>, _ gradient: UnsafeMutablePointer<Float>,
  _ there: Int
) {
  var (sums, place) = (tiles, gradient)
  let apart = g.bigChannels * 4
  var kx = 0
  while kx < g.kernel {
    let taps = minimum(3, g.kernel - kx)
    for _ in 0..<g.bigChannels {
      storeLaneSums(
        sums, (place, place + apart, place + 2 * apart), taps: taps, there: there,
        next: g.kernel * g.kernel * apart)
      sums += 1
      place += 4
    }
    place += 2 * apart
    kx += 3
  }
}

/// Some rows of the small map, and the rows of the big map that they meet, for all taps and big channels.
@inline(__always) private func weightRows(
  _ g: Geometry, _ rows: Int, _ row: Images, _ small: Images, _ zeros: Images,
  _ tiles: UnsafeMutablePointer<WeightTile>, _ channels: WeightChannels
) {
  let step = g.bigChannels * 2
  let smallStep = g.smallChannels * 2
  let bigStep = g.stride * step
  var tile = tiles
  var kx = 0
  while kx < g.kernel {
    let taps = minimum(3, g.kernel - kx)
    // Columns of the small map where all taps fall inside; the others are computed one by one.
    let inner = maximum(0, (g.padding - kx + g.stride - 1) / g.stride)
    let outer = taps < 3 ? 0 : (g.bigWidth + g.padding - kx - 3 + g.stride) / g.stride
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
          var p0 = tap(bigRow, column, g.bigWidth, step, zeros)
          var p1 = taps > 1 ? tap(bigRow, column + 1, g.bigWidth, step, zeros) : zeros
          var p2 = taps > 2 ? tap(bigRow, column + 2, g.bigWidth, step, zeros) : zeros
          x += count
          repeat {
            sums.add(s, channels, p0, p1, p2)
            sums.add(s + 1, channels, p0 + 1, p1 + 1, p2 + 1)
            s += smallStep
            p0 += bigStep
            p1 += bigStep
            p2 += bigStep
            count -= 1
          } while count > 0
        } while x < g.smallWidth
        bigRow += g.stride * g.bigWidth * step
        left -= 1
      } while left > 0
      tile.pointee = sums
      tile += 1
      channel += 1
    } while channel < g.bigChannels
    kx += 3
  }
}

/// The element at `column` of a row, or zeros outside of it.
@inline(__always) private func tap(
  _ row: Images, _ column: Int, _ width: Int, _ step: Int, _ zeros: Images
) -> Images {
  column >= 0 && column < width ? row + column * step : zeros
}
