import Models
import Numerics

/// An image with evaluation noise: the same bits as on the device.
package enum NoisyImage {
  /// `fma(factor, n, x)` with the contract's normal numbers: stream `evaluationNoise`, epoch 0.
  ///
  /// - Parameters:
  ///   - pixels: the image's values in the order (channel, y, x).
  ///   - index: the image's index in its set.
  ///   - seed: the configuration's.
  ///   - factor: standard deviation of the noise.
  package static func values(_ pixels: [UInt8], index: UInt32, seed: UInt64, factor: Double) -> [Float] {
    let clean = pixels.map { Float($0) / 255 }
    guard factor > 0 else { return clean }
    return clean.indices.map { element in
      func word(_ element: Int) -> UInt32 {
        RandomStream.evaluationNoise.element(seed: seed, sample: index, element: UInt32(element))
      }
      let pair = RandomVariates.normalPair(word(element & ~1), word(element | 1))
      let normal = Lanes(repeating: element & 1 == 0 ? pair.even : pair.odd)
      return Formulas.addNoise(Lanes(repeating: clean[element]), normal, level: Float(factor))[0]
    }
  }
}
