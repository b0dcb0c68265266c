import CPUKernels

extension Convolutions {
  public static func linearWeight(
    input: Images, inputs: Int, outputGradient: Images, outputs: Int, gradient: UnsafeMutablePointer<Float>,
    blocks: Int, tile: Int, first: Int, last: Int
  ) {
    let firstOutput = weightChannels * tile
    let there = minimum(weightChannels, outputs - firstOutput)
    let channels = WeightChannels(there: there)
    let rows = outputGradient + 2 * firstOutput
    let gradient = gradient + firstOutput * inputs
    var i = first
    while i < last {
      let taps = minimum(3, last - i)
      // Missing inputs repeat the last one as well.
      let second = minimum(1, taps - 1) * 2
      let third = (taps - 1) * 2
      var sums = WeightTile()
      var (s, x, left) = (rows, input + 2 * i, blocks)
      repeat {
        sums.add(s, channels, x, x + second, x + third)
        sums.add(s + 1, channels, x + 1, x + second + 1, x + third + 1)
        s += outputs * 2
        x += inputs * 2
        left -= 1
      } while left > 0
      let output = gradient + i * 4
      storeLaneSums(sums, (output, output + 4, output + 8), taps: taps, there: there, next: inputs * 4)
      i += 3
    }
  }
}
