import Numerics

/// From the small map to the big one: transposed convolution forward, and the input gradient of a convolution.
///
/// Computes one block of images for the big channels `4·tile ..< 4·tile + 4`. Per result one fma chain over
/// (ky, kx, small channel) ascending, channel fastest; only taps that meet a small pixel are visited.
public func convolutionUp(
  _ g: Geometry, small: Images, weight: UnsafePointer<Float>, big: MutableImages, epilogue: Epilogue,
  block: Int, tile: Int
) {
  let first = 4 * tile
  if g.channels - first >= 4 {
    upFourChannels(g, small + block * g.smallBlock, weight, big, epilogue, block, first)
  } else {
    for channel in first..<g.channels {
      upOneChannel(g, small + block * g.smallBlock, weight, big, epilogue, block, channel)
    }
  }
}

/// Walks the big pixels along one side and knows, without dividing, the first tap that meets a small pixel
/// and which one: tap `tap + i·stride` meets small pixel `from − i`.
private struct Walk {
  var tap: Int
  var from: Int

  @inline(__always) init(_ g: Geometry) {
    from = g.padding / g.stride
    tap = g.padding - from * g.stride
  }

  @inline(__always) mutating func next(_ g: Geometry) {
    tap += 1
    if tap == g.stride { (tap, from) = (0, from + 1) }
  }
}

private func upFourChannels(
  _ g: Geometry, _ small: Images, _ weight: UnsafePointer<Float>, _ big: MutableImages, _ epilogue: Epilogue,
  _ block: Int, _ first: Int
) {
  let start = (
    epilogue.start(first), epilogue.start(first + 1), epilogue.start(first + 2), epilogue.start(first + 3)
  )
  var place = (block * g.height * g.width * g.channels + first) * 2
  var row = Walk(g)
  for _ in 0..<g.height {
    var column = Walk(g)
    for _ in 0..<g.width {
      var sums = Tile(start.0, start.1, start.2, start.3)
      if epilogue.continues {
        (sums.a0, sums.a1, sums.b0, sums.b1) = (big[place], big[place + 1], big[place + 2], big[place + 3])
        (sums.c0, sums.c1, sums.d0, sums.d1) = (
          big[place + 4], big[place + 5], big[place + 6], big[place + 7]
        )
      }
      var (ky, y) = (row.tap, row.from)
      while ky < g.kernel && y >= 0 {
        var (kx, x) = (y < g.smallHeight ? column.tap : g.kernel, column.from)
        while kx < g.kernel && x >= 0 {
          if x < g.smallWidth {
            let from = small + (y * g.smallWidth + x) * g.smallChannels * 2
            sums.channels(from, weight + ((ky * g.kernel + kx) * g.channels + first) * 4, g)
          }
          kx += g.stride
          x -= 1
        }
        ky += g.stride
        y -= 1
      }
      epilogue.store(big, place, sums.a0, sums.a1)
      epilogue.store(big, place + 2, sums.b0, sums.b1)
      epilogue.store(big, place + 4, sums.c0, sums.c1)
      epilogue.store(big, place + 6, sums.d0, sums.d1)
      place += g.channels * 2
      column.next(g)
    }
    epilogue.finish(
      big, place - g.width * g.channels * 2, pixels: g.width, step: g.channels * 2, channels: 4)
    row.next(g)
  }
}

/// With few channels four pixels of one sub-pixel phase make the tile: they meet the same taps.
private func upOneChannel(
  _ g: Geometry, _ small: Images, _ weight: UnsafePointer<Float>, _ big: MutableImages, _ epilogue: Epilogue,
  _ block: Int, _ channel: Int
) {
  let pixel = g.channels * 2
  let apart = g.stride * pixel
  var row = Walk(g)
  for line in 0..<g.height {
    var column = Walk(g)
    for phase in 0..<minimum(g.stride, g.width) {
      let count = (g.width - phase + g.stride - 1) / g.stride
      // Pixel i meets small column from + i at the first tap and from + i − reach at the last.
      let reach = (g.kernel - 1 - column.tap) / g.stride
      let inner = maximum(0, reach - column.from)
      let outer = minimum(count, g.smallWidth - column.from)
      var i = 0
      while i < count {
        let four = i >= inner && i < outer && outer - inner >= 4
        // The last tile steps back: computing a pixel twice gives the same bits.
        if four { i = minimum(i, outer - 4) }
        let place = (((block * g.height + line) * g.width + phase + i * g.stride) * g.channels + channel) * 2
        let start = epilogue.start(channel)
        var sums = Tile(start, start, start, start)
        // Only linear layers continue, and they have one pixel.
        if epilogue.continues { (sums.a0, sums.a1) = (big[place], big[place + 1]) }
        var (ky, y) = (row.tap, row.from)
        while ky < g.kernel && y >= 0 {
          var (kx, x) = (y < g.smallHeight ? column.tap : g.kernel, column.from + i)
          while kx < g.kernel && x >= 0 {
            if x < g.smallWidth {
              let from = small + (y * g.smallWidth + x) * g.smallChannels * 2
              let w = weight + ((ky * g.kernel + kx) * g.channels + channel) * 4
              if four { sums.pixels(from, w, g) } else { sums.pixel(from, w, g) }
            }
            kx += g.stride
            x -= 1
          }
          ky += g.stride
          y -= 1
        }
        epilogue.store(big, place, sums.a0, sums.a1)
        i += 1
        if four {
          epilogue.store(big, place + apart, sums.b0, sums.b1)
          epilogue.store(big, place + 2 * apart, sums.c0, sums.c1)
          epilogue.store(big, place + 3 * apart, sums.d0, sums.d1)
          i += 3
        }
      }
      column.next(g)
    }
    let first = ((block * g.height + line) * g.width * g.channels + channel) * 2
    epilogue.finish(big, first, pixels: g.width, step: pixel, channels: 1)
    row.next(g)
  }
}

extension Tile {
  /// All small channels of one tap for four big channels: weights `[channel / 4][…][4 big][4]`.
  @inline(__always) fileprivate mutating func channels(
    _ x: Images, _ weight: UnsafePointer<Float>, _ g: Geometry
  ) {
    let group = g.kernel * g.kernel * g.channels * 4
    var (x, w, left) = (x, weight, g.smallChannels)
    while left >= 4 {
      tap(x, w, 4)
      tap(x + 2, w + 1, 4)
      tap(x + 4, w + 2, 4)
      tap(x + 6, w + 3, 4)
      x += 8
      w += group
      left -= 4
    }
    while left > 0 {
      tap(x, w, 4)
      x += 2
      w += 1
      left -= 1
    }
  }

  /// All small channels of one tap for four neighbouring small pixels.
  @inline(__always) fileprivate mutating func pixels(
    _ x: Images, _ weight: UnsafePointer<Float>, _ g: Geometry
  ) {
    let group = g.kernel * g.kernel * g.channels * 4
    let step = g.smallChannels * 2
    let thrice = 3 * step
    var (x, w, left) = (x, weight, g.smallChannels)
    repeat {
      var inGroup = minimum(4, left)
      left -= inGroup
      var each = w
      repeat {
        let value = Lanes(repeating: each[0])
        a0 = fma(x[0], value, a0)
        a1 = fma(x[1], value, a1)
        b0 = fma(x[step], value, b0)
        b1 = fma(x[step + 1], value, b1)
        c0 = fma(x[2 * step], value, c0)
        c1 = fma(x[2 * step + 1], value, c1)
        d0 = fma(x[thrice], value, d0)
        d1 = fma(x[thrice + 1], value, d1)
        x += 2
        each += 1
        inGroup -= 1
      } while inGroup > 0
      w += group
    } while left > 0
  }

  /// The same for one pixel.
  @inline(__always) fileprivate mutating func pixel(
    _ x: Images, _ weight: UnsafePointer<Float>, _ g: Geometry
  ) {
    let group = g.kernel * g.kernel * g.channels * 4
    var channel = 0
    repeat {
      let value = Lanes(repeating: weight[(channel >> 2) * group + (channel & 3)])
      a0 = fma(x[2 * channel], value, a0)
      a1 = fma(x[2 * channel + 1], value, a1)
      channel += 1
    } while channel < g.smallChannels
  }
}
