import CPUKernels

extension Convolutions {
  public static func down(
    _ g: Geometry, big: Images, weight: UnsafePointer<Float>, small: MutableImages, epilogue: Epilogue,
    block: Int, partner: Int, tiles: Range<Int>, rows: Range<Int>
  ) {
    let big = vectors(big) + block * g.bigBlock
    let small = vectors(small)
    let bigOther = other(block, partner, g.bigBlock)
    let smallOther = other(block, partner, g.smallBlock)
    let tileWeights = g.kernel * g.kernel * g.bigChannels * 4
    let channels = minimum(4 * tiles.upperBound, g.smallChannels) - 4 * tiles.lowerBound
    for y in rows {
      let top = y * g.stride - g.padding
      let taps = (maximum(0, -top), minimum(g.kernel, g.bigHeight - top))
      let row = (block * g.smallHeight + y) * g.smallWidth
      for x in 0..<g.smallWidth {
        let left = x * g.stride - g.padding
        let columns = (maximum(0, -left), minimum(g.kernel, g.bigWidth - left))
        let count = (columns.1 - columns.0) * g.bigChannels
        let pixel = PixelTiles(
          epilogue: epilogue, output: small, place: (row + x) * g.smallChannels * span, other: smallOther,
          channels: g.smallChannels, tiles: tiles)
        // Where the kernel's row `ky` meets the big map, and its weights.
        @inline(__always) func element(_ ky: Int) -> Vectors {
          big + ((top + ky) * g.bigWidth + left + columns.0) * g.bigChannels * span
        }
        @inline(__always) func weights(_ tile: Int, _ ky: Int) -> UnsafePointer<Float> {
          weight + tile * tileWeights + (ky * g.kernel + columns.0) * g.bigChannels * 4
        }
        if count * (taps.1 - taps.0) <= elementsInCache {
          pixel.compute { sums, tile in
            var ky = taps.0
            while ky < taps.1 && count > 0 {
              sums.taps(element(ky), bigOther, weights(tile, ky), count)
              ky += 1
            }
          }
        } else {
          pixel.computeSlices {
            for ky in taps.0..<taps.1 {
              forEachSlice(count) { offset, count in
                pixel.proceed { sums, tile in
                  sums.manyTaps(
                    element(ky) + offset * span, bigOther, weights(tile, ky) + offset * 4, count,
                    next: tileWeights)
                }
              }
            }
          }
        }
      }
      epilogue.finish(
        small, (row * g.smallChannels + 4 * tiles.lowerBound) * span, smallOther, pixels: g.smallWidth,
        step: g.smallChannels * span, channels: channels)
    }
  }
}
