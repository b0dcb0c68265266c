import Numerics

/// Gradient of a linear layer with respect to its weights, over all blocks.
///
/// Computes outputs `4·tile ..< 4·tile + 4` × inputs `first ..< last` into `gradient` (packed order). In each
/// of 8 lanes one fma chain over (block, half) ascending, then the lane join and + 0.0.
public func linearWeight(
  input: Images, inputs: Int, outputGradient: Images, outputs: Int, gradient: UnsafeMutablePointer<Float>,
  blocks: Int, tile: Int, first: Int, last: Int
) {
  let there = minimum(4, outputs - 4 * tile)
  // Outputs that are not there repeat the last one; their sums are not stored.
  let beyond = 2 * (there - 1)
  let offsets = (minimum(2, beyond), minimum(4, beyond), beyond)
  let rows = outputGradient + 8 * tile
  let gradient = gradient + tile * inputs * 4
  var i = first
  while i < last {
    let taps = minimum(3, last - i)
    // Inputs that are not there repeat the last one as well.
    let second = minimum(1, taps - 1) * 2
    let third = (taps - 1) * 2
    var sums = WeightTile()
    var (s, x, left) = (rows, input + 2 * i, blocks)
    repeat {
      sums.add(s[0], s[offsets.0], s[offsets.1], s[offsets.2], x[0], x[second], x[third])
      sums.add(s[1], s[offsets.0 + 1], s[offsets.1 + 1], s[offsets.2 + 1], x[1], x[second + 1], x[third + 1])
      s += outputs * 2
      x += inputs * 2
      left -= 1
    } while left > 0
    let output = gradient + i * 4
    storeLaneSums(sums, (output, output + 4, output + 8), taps: taps, there: there)
    i += 3
  }
}
