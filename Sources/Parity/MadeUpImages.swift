import Numerics
import Programs

/// Synthetic images for parity and benchmarks, for which activations are neither all positive nor all zero.
package enum MadeUpImages {
  /// The bytes of `count` images, [count, C, H, W]: four bright blobs each on black, different ones in every channel.
  package static func blobs(_ count: Int, _ shape: MapShape, seed: UInt64) -> [UInt8] {
    let pixels = shape.height * shape.width
    var bytes = [UInt8](repeating: 0, count: count * shape.count)
    for map in 0..<count * shape.channels {
      for blob in 0..<4 {
        let words = Philox4x32.words(key: seed, counter: SIMD4(0xb10b, UInt32(blob), UInt32(map), 0))
        func side(_ word: UInt32, _ size: Int) -> Range<Int> {
          let first = Int(word % UInt32(size * 5 / 7))
          return first..<min(size, first + 2 + Int(word >> 8) % max(size / 4, 1))
        }
        for row in side(words[0], shape.height) {
          for column in side(words[1], shape.width) {
            bytes[map * pixels + row * shape.width + column] = UInt8(
              truncatingIfNeeded: 128 + Int(words[2] >> 8) % 127 + row)
          }
        }
      }
    }
    return bytes
  }

  /// The bytes of `count` images of uniform noise, [count, C, H, W].
  package static func noise(_ count: Int, _ shape: MapShape, seed: UInt64) -> [UInt8] {
    let bytes = (0..<(count * shape.count + 15) / 16).flatMap { index in
      let words = Philox4x32.words(key: seed, counter: SIMD4(0xb10c, 0, UInt32(index), 0))
      return (0..<4).flatMap { word in
        (0..<4).map { UInt8(truncatingIfNeeded: words[word] >> (8 * UInt32($0))) }
      }
    }
    return Array(bytes.prefix(count * shape.count))
  }
}
