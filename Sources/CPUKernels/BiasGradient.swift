import Numerics

/// Gradient with respect to the bias: lane sums of `count` consecutive channels from `first` over one chunk of images.
///
/// In each of 8 lanes additions over (block, y, x, half) ascending, then the lane join and + 0.0.
public func biasGradient(
  _ values: Images, channels: Int, pixels: Int, gradient: UnsafeMutablePointer<Float>,
  blocks: Int, tile: Int
) {
  let first = 4 * tile
  let there = minimum(4, channels - first)
  let second = minimum(1, there - 1) * 2
  let third = minimum(2, there - 1) * 2
  let fourth = minimum(3, there - 1) * 2
  let zero = Lanes(repeating: 0)
  var (a, b, c, d) = (zero, zero, zero, zero)
  var p = values + first * 2
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
