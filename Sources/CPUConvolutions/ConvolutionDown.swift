import CPUKernels

extension Convolutions {
  public static func down(
    _ g: Geometry, big: Images, weight: UnsafePointer<Float>, small: MutableImages, epilogue: Epilogue,
    block: Int, partner: Int, tile: Int, rows: Range<Int>
  ) {
    let big = vectors(big) + block * g.bigBlock
    let small = vectors(small)
    let bigOther = other(block, partner, g.bigBlock)
    let smallOther = other(block, partner, g.smallBlock)
    let first = 4 * tile
    let there = minimum(4, g.smallChannels - first)
    let weight = weight + tile * g.kernel * g.kernel * g.bigChannels * 4
    let start = (
      epilogue.start(first), epilogue.start(first + minimum(1, there - 1)),
      epilogue.start(first + minimum(2, there - 1)), epilogue.start(first + minimum(3, there - 1))
    )
    for y in rows {
      let top = y * g.stride - g.padding
      let taps = (maximum(0, -top), minimum(g.kernel, g.bigHeight - top))
      let row = (block * g.smallHeight + y) * g.smallWidth
      for x in 0..<g.smallWidth {
        let left = x * g.stride - g.padding
        let columns = (maximum(0, -left), minimum(g.kernel, g.bigWidth - left))
        let count = (columns.1 - columns.0) * g.bigChannels
        let place = ((row + x) * g.smallChannels + first) * span
        var sums = Tile(start.0, start.1, start.2, start.3)
        if epilogue.continues { sums.resume(small, place, smallOther, step: span, count: there) }
        var ky = taps.0
        while ky < taps.1 && count > 0 {
          let from = big + ((top + ky) * g.bigWidth + left + columns.0) * g.bigChannels * span
          sums.taps(from, bigOther, weight + (ky * g.kernel + columns.0) * g.bigChannels * 4, count)
          ky += 1
        }
        epilogue.store(small, place, smallOther, sums.a0, sums.a1)
        if there > 1 { epilogue.store(small, place + span, smallOther, sums.b0, sums.b1) }
        if there > 2 { epilogue.store(small, place + 2 * span, smallOther, sums.c0, sums.c1) }
        if there > 3 { epilogue.store(small, place + 3 * span, smallOther, sums.d0, sums.d1) }
      }
      epilogue.finish(
        small, (row * g.smallChannels + first) * span, smallOther, pixels: g.smallWidth,
        step: g.smallChannels * span, channels: there)
    }
  }
}
