import Numerics
import Programs

/// The descriptors' definitions, literally: one number at a time, in PyTorch's order, no layout, no tiles.
enum Reference {
  /// Down (small from big) or up (big from small): one chain per result, taps ascending in (ky, kx, channel).
  static func convolution(
    _ direction: Convolution.Direction, _ g: ConvolutionGeometry, batch: Int, _ input: [Float],
    weight: [Float], start: (_ channel: Int) -> Float
  ) -> [Float] {
    let (from, to) = direction == .down ? (g.big, g.small) : (g.small, g.big)
    var output: [Float] = []
    for n in 0..<batch {
      for c in 0..<to.channels {
        for y in 0..<to.height {
          for x in 0..<to.width {
            var sum = start(c)
            for ky in 0..<g.kernel {
              guard let iy = other(direction, g, y, ky, limit: from.height) else { continue }
              for kx in 0..<g.kernel {
                guard let ix = other(direction, g, x, kx, limit: from.width) else { continue }
                for i in 0..<from.channels {
                  let (s, b) = direction == .down ? (c, i) : (i, c)
                  let w = weight[((s * g.big.channels + b) * g.kernel + ky) * g.kernel + kx]
                  sum = fma(input[((n * from.channels + i) * from.height + iy) * from.width + ix], w, sum)
                }
              }
            }
            output.append(sum + 0)
          }
        }
      }
    }
    return output
  }

  /// The coordinate on the other map that tap `k` connects with `y`.
  private static func other(
    _ direction: Convolution.Direction, _ g: ConvolutionGeometry, _ y: Int, _ k: Int, limit: Int
  ) -> Int? {
    if direction == .down {
      let result = y * g.stride - g.padding + k
      return result >= 0 && result < limit ? result : nil
    }
    let scaled = y + g.padding - k
    guard scaled >= 0, scaled % g.stride == 0, scaled / g.stride < limit else { return nil }
    return scaled / g.stride
  }

  /// For each chunk of 32 images eight lanes; y, x over the layer's output. [chunk][small][big][ky][kx].
  static func weightGradient(
    _ convolution: Convolution, _ input: [Float], _ outputGradient: [Float]
  ) -> [[Float]] {
    let (g, batch) = (convolution.geometry, convolution.batch)
    let (from, to) = (convolution.input, convolution.output)
    return (0..<Blocking.chunks(batch)).map { chunk in
      var gradient: [Float] = []
      for s in 0..<g.small.channels {
        for b in 0..<g.big.channels {
          for ky in 0..<g.kernel {
            for kx in 0..<g.kernel {
              let (i, o) = convolution.direction == .down ? (b, s) : (s, b)
              gradient.append(
                lanes(chunk, batch, pixels: to.height * to.width) { n, pixel, sum in
                  let (y, x) = (pixel / to.width, pixel % to.width)
                  // In the forward direction, an output pixel of a transposed convolution uses the same tap backwards.
                  guard let iy = other(convolution.direction, g, y, ky, limit: from.height),
                    let ix = other(convolution.direction, g, x, kx, limit: from.width)
                  else { return sum }
                  return fma(
                    input[((n * from.channels + i) * from.height + iy) * from.width + ix],
                    outputGradient[((n * to.channels + o) * to.height + y) * to.width + x], sum)
                })
            }
          }
        }
      }
      return gradient
    }
  }

  /// The sums of a bias for each chunk of 32 images.
  static func biasGradient(_ shape: MapShape, batch: Int, _ outputGradient: [Float]) -> [[Float]] {
    let pixels = shape.height * shape.width
    return (0..<Blocking.chunks(batch)).map { chunk in
      (0..<shape.channels).map { c in
        lanes(chunk, batch, pixels: pixels) { n, pixel, sum in
          sum + outputGradient[(n * shape.channels + c) * pixels + pixel]
        }
      }
    }
  }

  /// Lanes of one chunk (nil: the whole part) in ascending (block, pixel, half), joined.
  static func lanes(
    _ chunk: Int?, _ batch: Int, pixels: Int, _ add: (_ n: Int, _ pixel: Int, _ sum: Float) -> Float
  ) -> Float {
    let blocks = chunk.map { 2 * $0..<2 * $0 + 2 } ?? 0..<Blocking.blocks(batch)
    var sums = [Float](repeating: 0, count: 8)
    for block in blocks {
      for pixel in 0..<pixels {
        for half in 0..<2 {
          for lane in 0..<8 {
            let n = 16 * block + 8 * half + lane
            if n < batch { sums[lane] = add(n, pixel, sums[lane]) }
          }
        }
      }
    }
    return join(sums)
  }

  static func join(_ l: [Float]) -> Float {
    ((l[0] + l[2]) + (l[1] + l[3])) + ((l[4] + l[6]) + (l[5] + l[7]))
  }

  /// Neighbours are added; an odd last one passes up unchanged.
  static func tree(_ values: [Float]) -> Float {
    var level = values
    while level.count > 1 {
      level = stride(from: 0, to: level.count, by: 2).map {
        $0 + 1 < level.count ? level[$0] + level[$0 + 1] : level[$0]
      }
    }
    return level[0]
  }

  /// The word of element `e` of a sample.
  static func word(_ random: RandomSource, epoch: UInt32, sample: UInt32, _ e: Int) -> UInt32 {
    Philox4x32.words(key: random.seed, counter: SIMD4(random.stream, epoch, sample, UInt32(e / 4)))[e % 4]
  }

  static func uniform(_ random: RandomSource, epoch: UInt32, sample: UInt32, _ e: Int) -> Float {
    RandomVariates.uniform(word(random, epoch: epoch, sample: sample, e))
  }

  static func normal(_ random: RandomSource, epoch: UInt32, sample: UInt32, _ e: Int) -> Float {
    let even = word(random, epoch: epoch, sample: sample, e / 2 * 2)
    let pair = RandomVariates.normalPair(even, word(random, epoch: epoch, sample: sample, e / 2 * 2 + 1))
    return e % 2 == 0 ? pair.even : pair.odd
  }
}
