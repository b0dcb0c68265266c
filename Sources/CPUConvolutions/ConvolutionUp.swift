import CPUKernels
import CSystem
import Numerics

extension Convolutions {
  public static func up(
    _ g: Geometry, small: Images, weight: UnsafePointer<Float>, big: MutableImages, epilogue: Epilogue,
    block: Int, partner: Int, tiles: Range<Int>, rows: Range<Int>
  ) {
    let maps = Maps(
      small: vectors(small) + block * g.smallBlock, big: vectors(big), bigBlock: block * g.bigBlock,
      smallOther: other(block, partner, g.smallBlock), bigOther: other(block, partner, g.bigBlock))
    // One or two channels at the end would waste most of a tile of four.
    let whole = minimum(tiles.upperBound, (g.bigChannels + 1) / 4)
    if tiles.lowerBound < whole {
      upChannels(g, maps, weight, epilogue, tiles.lowerBound..<whole, rows)
    }
    for channel in 4 * whole..<maximum(4 * whole, minimum(4 * tiles.upperBound, g.bigChannels)) {
      upOneChannel(g, maps, weight, epilogue, channel, rows)
    }
  }
}

/// The two maps, the small one from the tile's block on, and the offset of the tile's second vectors in each.
private struct Maps {
  let small: Vectors
  let big: MutableVectors
  /// Where the block begins in the big map.
  let bigBlock: Int
  let smallOther: Int
  let bigOther: Int
}

/// The taps of one big pixel along one side that meet the small map: tap `first + i·stride` meets small pixel `from − i`.
private struct Taps {
  private(set) var first: Int
  private(set) var from: Int
  let size: Int

  /// At big pixel `place`, with `size` small pixels.
  @inline(__always) init(_ g: Geometry, at place: Int, size: Int) {
    from = (place + g.padding) / g.stride
    first = place + g.padding - from * g.stride
    self.size = size
  }

  /// How many there are, with those that meet nothing.
  @inline(__always) func count(_ g: Geometry) -> Int { (g.kernel - first + g.stride - 1) / g.stride }

  /// Calls `body` for each that meets a small pixel, upwards.
  @inline(__always) func forEach(_ g: Geometry, _ body: (_ tap: Int, _ small: Int) -> Void) {
    let low = maximum(0, from - size + 1)
    var (tap, small) = (first + low * g.stride, from - low)
    while tap < g.kernel && small >= 0 {
      body(tap, small)
      tap += g.stride
      small -= 1
    }
  }

  /// Goes to the next big pixel, without dividing.
  @inline(__always) mutating func next(_ g: Geometry) {
    first += 1
    if first == g.stride { (first, from) = (0, from + 1) }
  }

  /// Goes on by some strides, where the taps are the same.
  @inline(__always) mutating func advance(_ strides: Int) { from += strides }
}

/// Calls `add` with the small pixel and the weights of each tap, in the chain's order.
@inline(__always) private func forEachTap(
  _ g: Geometry, _ maps: Maps, _ weight: UnsafePointer<Float>, _ row: Taps, _ column: Taps,
  _ add: (Vectors, UnsafePointer<Float>) -> Void
) {
  row.forEach(g) { ky, y in
    column.forEach(g) { kx, x in
      add(
        maps.small + (y * g.smallWidth + x) * g.smallChannels * span,
        weight + (ky * g.kernel + kx) * g.bigChannels * 4)
    }
  }
}

/// Four channels of a pixel form the tile; if only three are there, the third is computed twice.
private func upChannels(
  _ g: Geometry, _ maps: Maps, _ weight: UnsafePointer<Float>, _ epilogue: Epilogue, _ tiles: Range<Int>,
  _ rows: Range<Int>
) {
  let pixel = g.bigChannels * span
  let group = g.kernel * g.kernel * g.bigChannels * 4
  let side = (g.kernel + g.stride - 1) / g.stride
  let isNarrow = side * side * g.smallChannels <= elementsInCache
  for line in rows {
    let row = Taps(g, at: line, size: g.smallHeight)
    var column = Taps(g, at: 0, size: g.smallWidth)
    let begin = maps.bigBlock + line * g.bigWidth * pixel
    for x in 0..<g.bigWidth {
      let results = PixelTiles(
        epilogue: epilogue, output: maps.big, place: begin + x * pixel, other: maps.bigOther,
        channels: g.bigChannels, tiles: tiles)
      /// Adds `count` channels of a tap, from `from` on.
      @inline(__always) func add(
        _ sums: inout Tile, _ tile: Int, _ from: Vectors, _ weight: UnsafePointer<Float>, _ count: Int
      ) {
        sums.channels(
          from, maps.smallOther, weight + 16 * tile, count, group: group, last: 4 * (results.there(tile) - 1))
      }
      if isNarrow {
        results.compute { sums, tile in
          forEachTap(g, maps, weight, row, column) { add(&sums, tile, $0, $1, g.smallChannels) }
        }
      } else {
        results.computeSlices {
          forEachTap(g, maps, weight, row, column) { from, weight in
            forEachSlice(g.smallChannels) { offset, count in
              results.proceed { sums, tile in
                add(&sums, tile, from + offset * span, weight + offset / 4 * group, count)
              }
            }
          }
        }
      }
      column.next(g)
    }
    epilogue.finish(
      maps.big, begin + 4 * tiles.lowerBound * span, maps.bigOther, pixels: g.bigWidth, step: pixel,
      channels: minimum(4 * tiles.upperBound, g.bigChannels) - 4 * tiles.lowerBound)
  }
}

/// With few channels, seven pixels that meet the same taps form the tile.
private func upOneChannel(
  _ g: Geometry, _ maps: Maps, _ weight: UnsafePointer<Float>, _ epilogue: Epilogue, _ channel: Int,
  _ rows: Range<Int>
) {
  let (big, other) = (maps.big, maps.bigOther)
  let pixel = g.bigChannels * span
  let step = g.stride * pixel
  let start = epilogue.start(channel)
  for line in rows {
    let row = Taps(g, at: line, size: g.smallHeight)
    let begin = maps.bigBlock + line * g.bigWidth * pixel + channel * span
    for phase in 0..<minimum(g.stride, g.bigWidth) {
      var column = Taps(g, at: phase, size: g.smallWidth)
      let count = (g.bigWidth - phase + g.stride - 1) / g.stride
      // The pixels that meet all taps.
      let inner = maximum(0, column.count(g) - 1 - column.from)
      let outer = minimum(count, g.smallWidth - column.from)
      var i = 0
      while i < count {
        // The last tile steps back: computing a pixel twice gives the same bits, unless it continues from the first.
        let last = epilogue.continues ? outer - Pixels.count : outer - 1
        let isWide = i >= inner && i <= last && outer - inner >= Pixels.count
        let back = isWide ? maximum(0, i + Pixels.count - outer) : 0
        i -= back
        column.advance(-back)
        let place = begin + phase * pixel + i * step
        if isWide {
          var sums = Pixels(start)
          if epilogue.continues { sums.resume(big + place, other, step: step) }
          forEachTap(g, maps, weight + channel * 4, row, column) { sums.add($0, maps.smallOther, $1, g) }
          sums.store(big, place, other, step: step, epilogue)
        } else {
          var sums = Tile(start, start, start, start)
          if epilogue.continues { sums.resume(big, place, other, step: step, count: 1) }
          forEachTap(g, maps, weight + channel * 4, row, column) { sums.pixel($0, maps.smallOther, $1, g) }
          epilogue.store(big, place, other, sums.a0, sums.a1)
        }
        let done = isWide ? Pixels.count : 1
        i += done
        column.advance(done)
      }
    }
    epilogue.finish(big, begin, other, pixels: g.bigWidth, step: pixel, channels: 1)
  }
}

/// Fourteen accumulators: seven pixels of two vectors of images.
private struct Pixels {
  static var count: Int { 7 }
  var a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1, g0, g1: Vector

  /// Chains that start from one value.
  @inline(__always) init(_ start: Vector) {
    (a0, a1, b0, b1, c0, c1, d0, d1) = (start, start, start, start, start, start, start, start)
    (e0, e1, f0, f1, g0, g1) = (start, start, start, start, start, start)
  }

  /// Chains that continue from the values in `output`, `step` vectors apart.
  @inline(__always) mutating func resume(_ output: MutableVectors, _ other: Int, step: Int) {
    (a0, a1) = (output[0], output[other])
    (b0, b1) = (output[step], output[step + other])
    (c0, c1) = (output[2 * step], output[2 * step + other])
    (d0, d1) = (output[3 * step], output[3 * step + other])
    (e0, e1) = (output[4 * step], output[4 * step + other])
    (f0, f1) = (output[5 * step], output[5 * step + other])
    (g0, g1) = (output[6 * step], output[6 * step + other])
  }

  /// All small channels of one tap: weights `[channel / 4][…][4]`.
  @inline(__always) mutating func add(
    _ x: Vectors, _ other: Int, _ weight: UnsafePointer<Float>, _ g: Geometry
  ) {
    let group = g.kernel * g.kernel * g.bigChannels * 4
    let step = g.smallChannels * span
    var (x, w, left) = (x, weight, g.smallChannels)
    while left >= 4 {
      add(x, other, step, w[0])
      add(x + span, other, step, w[1])
      add(x + 2 * span, other, step, w[2])
      add(x + 3 * span, other, step, w[3])
      x += 4 * span
      w += group
      left -= 4
    }
    while left > 0 {
      add(x, other, step, w[0])
      x += span
      w += 1
      left -= 1
    }
  }

  /// One small channel, whose pixels are `step` vectors apart.
  @inline(__always) private mutating func add(_ x: Vectors, _ other: Int, _ step: Int, _ weight: Float) {
    let value = Vector(repeating: weight)
    a0 = fma(x[0], value, a0)
    a1 = fma(x[other], value, a1)
    b0 = fma(x[step], value, b0)
    b1 = fma(x[step + other], value, b1)
    c0 = fma(x[2 * step], value, c0)
    c1 = fma(x[2 * step + other], value, c1)
    d0 = fma(x[3 * step], value, d0)
    d1 = fma(x[3 * step + other], value, d1)
    e0 = fma(x[4 * step], value, e0)
    e1 = fma(x[4 * step + other], value, e1)
    f0 = fma(x[5 * step], value, f0)
    f1 = fma(x[5 * step + other], value, f1)
    g0 = fma(x[6 * step], value, g0)
    g1 = fma(x[6 * step + other], value, g1)
  }

  /// Ends the chains and stores them at `place`, `step` vectors apart.
  @inline(__always) func store(
    _ output: MutableVectors, _ place: Int, _ other: Int, step: Int, _ epilogue: Epilogue
  ) {
    epilogue.store(output, place, other, a0, a1)
    epilogue.store(output, place + step, other, b0, b1)
    epilogue.store(output, place + 2 * step, other, c0, c1)
    epilogue.store(output, place + 3 * step, other, d0, d1)
    epilogue.store(output, place + 4 * step, other, e0, e1)
    epilogue.store(output, place + 5 * step, other, f0, f1)
    epilogue.store(output, place + 6 * step, other, g0, g1)
  }
}

extension Tile {
  /// `count` small channels of one tap for four big channels: weights `[channel / 4][…][4 big][4]`, groups of four small
  /// channels `group` apart.
  @inline(__always) fileprivate mutating func channels(
    _ x: Vectors, _ other: Int, _ weight: UnsafePointer<Float>, _ count: Int, group: Int, last: Int
  ) {
    var (x, w, left) = (x, weight, count)
    while left >= 4 {
      // The groups of a wide layer lie pages apart, where no processor looks ahead by itself: the next tile's weights.
      facsimile_prefetch(w + 16)
      tap(x, other, w, 4, last: last)
      tap(x + span, other, w + 1, 4, last: last)
      tap(x + 2 * span, other, w + 2, 4, last: last)
      tap(x + 3 * span, other, w + 3, 4, last: last)
      x += 4 * span
      w += group
      left -= 4
    }
    while left > 0 {
      tap(x, other, w, 4, last: last)
      x += span
      w += 1
      left -= 1
    }
  }

  /// All small channels of one tap for one pixel: the chains of the first channel only.
  @inline(__always) fileprivate mutating func pixel(
    _ x: Vectors, _ other: Int, _ weight: UnsafePointer<Float>, _ g: Geometry
  ) {
    let group = g.kernel * g.kernel * g.bigChannels * 4
    var channel = 0
    repeat {
      let value = Vector(repeating: weight[(channel >> 2) * group + (channel & 3)])
      a0 = fma(x[span * channel], value, a0)
      a1 = fma(x[span * channel + other], value, a1)
      channel += 1
    } while channel < g.smallChannels
  }
}
