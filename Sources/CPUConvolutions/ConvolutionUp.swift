import CPUKernels
import CSystem
import Numerics

extension Convolutions {
  public static func up(
    _ g: Geometry, small: Images, weight: UnsafePointer<Float>, big: MutableImages, epilogue: Epilogue,
    block: Int, partner: Int, tile: Int, rows: Range<Int>
  ) {
    let maps = Maps(
      small: vectors(small) + block * g.smallBlock, big: vectors(big), bigBlock: block * g.bigBlock,
      smallOther: other(block, partner, g.smallBlock), bigOther: other(block, partner, g.bigBlock))
    let first = 4 * tile
    let there = minimum(4, g.bigChannels - first)
    if there >= 3 {
      upChannels(g, maps, weight, epilogue, first, there, rows)
    } else {
      for channel in first..<g.bigChannels { upOneChannel(g, maps, weight, epilogue, channel, rows) }
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

/// Walks the big pixels along one side and tracks, without dividing, the first tap that meets a small pixel and which
/// one: tap `tap + i·stride` meets small pixel `from − i`.
private struct Walk {
  var tap: Int
  var from: Int

  /// At big pixel `place`.
  @inline(__always) init(_ g: Geometry, at place: Int = 0) {
    from = (place + g.padding) / g.stride
    tap = place + g.padding - from * g.stride
  }

  @inline(__always) mutating func next(_ g: Geometry) {
    tap += 1
    if tap == g.stride { (tap, from) = (0, from + 1) }
  }
}

/// Four channels of a pixel form the tile; if only three are there, the third is computed twice.
private func upChannels(
  _ g: Geometry, _ maps: Maps, _ weight: UnsafePointer<Float>, _ epilogue: Epilogue, _ first: Int,
  _ there: Int, _ rows: Range<Int>
) {
  let (small, big, other) = (maps.small, maps.big, maps.bigOther)
  let start = (
    epilogue.start(first), epilogue.start(first + 1), epilogue.start(first + 2),
    epilogue.start(first + there - 1)
  )
  var place = maps.bigBlock + (rows.lowerBound * g.bigWidth * g.bigChannels + first) * span
  var row = Walk(g, at: rows.lowerBound)
  for _ in rows {
    var column = Walk(g)
    for _ in 0..<g.bigWidth {
      var sums = Tile(start.0, start.1, start.2, start.3)
      if epilogue.continues { sums.resume(big, place, other, step: span, count: there) }
      var (ky, y) = (row.tap, row.from)
      while ky < g.kernel && y >= 0 {
        var (kx, x) = (y < g.smallHeight ? column.tap : g.kernel, column.from)
        while kx < g.kernel && x >= 0 {
          if x < g.smallWidth {
            let from = small + (y * g.smallWidth + x) * g.smallChannels * span
            sums.channels(
              from, maps.smallOther, weight + ((ky * g.kernel + kx) * g.bigChannels + first) * 4, g,
              last: 4 * (there - 1))
          }
          kx += g.stride
          x -= 1
        }
        ky += g.stride
        y -= 1
      }
      epilogue.store(big, place, other, sums.a0, sums.a1)
      epilogue.store(big, place + span, other, sums.b0, sums.b1)
      epilogue.store(big, place + 2 * span, other, sums.c0, sums.c1)
      if there > 3 { epilogue.store(big, place + 3 * span, other, sums.d0, sums.d1) }
      place += g.bigChannels * span
      column.next(g)
    }
    epilogue.finish(
      big, place - g.bigWidth * g.bigChannels * span, other, pixels: g.bigWidth, step: g.bigChannels * span,
      channels: there)
    row.next(g)
  }
}

/// With few channels, four pixels of one sub-pixel phase form the tile: they meet the same taps.
private func upOneChannel(
  _ g: Geometry, _ maps: Maps, _ weight: UnsafePointer<Float>, _ epilogue: Epilogue, _ channel: Int,
  _ rows: Range<Int>
) {
  let (small, big, other) = (maps.small, maps.big, maps.bigOther)
  let pixel = g.bigChannels * span
  let apart = g.stride * pixel
  var row = Walk(g, at: rows.lowerBound)
  for line in rows {
    var column = Walk(g)
    for phase in 0..<minimum(g.stride, g.bigWidth) {
      let count = (g.bigWidth - phase + g.stride - 1) / g.stride
      // Pixel i meets small column from + i at the first tap and from + i − reach at the last.
      let reach = (g.kernel - 1 - column.tap) / g.stride
      let inner = maximum(0, reach - column.from)
      let outer = minimum(count, g.smallWidth - column.from)
      var i = 0
      while i < count {
        // The last tile steps back: computing a pixel twice gives the same bits, unless it continues from the first.
        let last = epilogue.continues ? outer - 4 : outer - 1
        let four = i >= inner && i <= last && outer - inner >= 4
        if four { i = minimum(i, outer - 4) }
        let place =
          maps.bigBlock + ((line * g.bigWidth + phase + i * g.stride) * g.bigChannels + channel) * span
        let start = epilogue.start(channel)
        var sums = Tile(start, start, start, start)
        if epilogue.continues { sums.resume(big, place, other, step: apart, count: four ? 4 : 1) }
        var (ky, y) = (row.tap, row.from)
        while ky < g.kernel && y >= 0 {
          var (kx, x) = (y < g.smallHeight ? column.tap : g.kernel, column.from + i)
          while kx < g.kernel && x >= 0 {
            if x < g.smallWidth {
              let from = small + (y * g.smallWidth + x) * g.smallChannels * span
              let w = weight + ((ky * g.kernel + kx) * g.bigChannels + channel) * 4
              if four {
                sums.pixels(from, maps.smallOther, w, g)
              } else {
                sums.pixel(from, maps.smallOther, w, g)
              }
            }
            kx += g.stride
            x -= 1
          }
          ky += g.stride
          y -= 1
        }
        epilogue.store(big, place, other, sums.a0, sums.a1)
        i += 1
        if four {
          epilogue.store(big, place + apart, other, sums.b0, sums.b1)
          epilogue.store(big, place + 2 * apart, other, sums.c0, sums.c1)
          epilogue.store(big, place + 3 * apart, other, sums.d0, sums.d1)
          i += 3
        }
      }
      column.next(g)
    }
    let first = maps.bigBlock + (line * g.bigWidth * g.bigChannels + channel) * span
    epilogue.finish(big, first, other, pixels: g.bigWidth, step: pixel, channels: 1)
    row.next(g)
  }
}

extension Tile {
  /// All small channels of one tap for four big channels: weights `[channel / 4][…][4 big][4]`.
  @inline(__always) fileprivate mutating func channels(
    _ x: Vectors, _ other: Int, _ weight: UnsafePointer<Float>, _ g: Geometry, last: Int
  ) {
    let group = g.kernel * g.kernel * g.bigChannels * 4
    var (x, w, left) = (x, weight, g.smallChannels)
    while left >= 4 {
      // The groups of a wide layer lie pages apart, where no processor looks ahead by itself.
      facsimile_prefetch(w + 6 * group)
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

  /// All small channels of one tap for four neighbouring small pixels.
  @inline(__always) fileprivate mutating func pixels(
    _ x: Vectors, _ other: Int, _ weight: UnsafePointer<Float>, _ g: Geometry
  ) {
    let group = g.kernel * g.kernel * g.bigChannels * 4
    let step = g.smallChannels * span
    var (x, w, left) = (x, weight, g.smallChannels)
    while left >= 4 {
      pixels(x, other, step, w[0])
      pixels(x + span, other, step, w[1])
      pixels(x + 2 * span, other, step, w[2])
      pixels(x + 3 * span, other, step, w[3])
      x += 4 * span
      w += group
      left -= 4
    }
    while left > 0 {
      pixels(x, other, step, w[0])
      x += span
      w += 1
      left -= 1
    }
  }

  /// One small channel of four pixels, `step` vectors apart.
  @inline(__always) private mutating func pixels(_ x: Vectors, _ other: Int, _ step: Int, _ weight: Float) {
    let value = Vector(repeating: weight)
    a0 = fma(x[0], value, a0)
    a1 = fma(x[other], value, a1)
    b0 = fma(x[step], value, b0)
    b1 = fma(x[step + other], value, b1)
    c0 = fma(x[2 * step], value, c0)
    c1 = fma(x[2 * step + other], value, c1)
    d0 = fma(x[3 * step], value, d0)
    d1 = fma(x[3 * step + other], value, d1)
  }

  /// The same for one pixel.
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
