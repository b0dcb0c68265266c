import CPUConvolutions
import CPUKernels
import Numerics
import Testing

/// Chains that continue from the values in the output, on the way down and up, for every kind of tile.
@Suite struct ContinuingTests {
  /// Sizes of a convolution in 5 × 11 pixels of the big map.
  static func geometry(big: Int, small: Int, stride: Int = 2) -> Geometry {
    Geometry(
      bigChannels: big, bigHeight: 5, bigWidth: 11, smallChannels: small,
      smallHeight: (5 + 2 - 3) / stride + 1,
      smallWidth: (11 + 2 - 3) / stride + 1, kernel: 3, stride: stride, padding: 1)
  }

  static let geometries = [
    geometry(big: 1, small: 6), geometry(big: 2, small: 3, stride: 1), geometry(big: 3, small: 5),
    geometry(big: 6, small: 4), geometry(big: 1, small: 1, stride: 1),
    geometry(big: 41, small: 37, stride: 1), geometry(big: 7, small: 330),
  ]

  /// Whole numbers, so that every order of summation gives the same sum.
  private func values(_ count: Int, _ seed: Int) -> [Lanes] {
    (0..<count).map { i in
      var lanes = Lanes()
      for lane in 0..<8 { lanes[lane] = Float((i * 7 + lane * 5 + seed) % 9 - 4) }
      return lanes
    }
  }

  /// `kernel` starting from +0, and from the values in `start`.
  private func run(
    _ start: [Lanes], _ kernel: (MutableImages, Epilogue) -> Void
  ) -> (fresh: [Lanes], continued: [Lanes]) {
    var (fresh, continued) = (start, start)
    fresh.withUnsafeMutableBufferPointer {
      kernel($0.baseAddress!, Epilogue(mask: nil, scale: 1, continues: false))
    }
    continued.withUnsafeMutableBufferPointer {
      kernel($0.baseAddress!, Epilogue(mask: nil, scale: 1, continues: true))
    }
    return (fresh, continued)
  }

  private func weights(_ g: Geometry) -> [Float] {
    (0..<(g.smallChannels + 3) / 4 * 4 * g.kernel * g.kernel * g.bigChannels).map { Float($0 * 5 % 7 - 3) }
  }

  @Test(arguments: geometries.indices)
  func down(_ index: Int) {
    let g = Self.geometries[index]
    let big = values(2 * g.bigChannels * g.bigHeight * g.bigWidth, 1)
    let start = values(2 * g.smallChannels * g.smallHeight * g.smallWidth, 2)
    let weight = weights(g)
    let (fresh, continued) = run(start) { small, epilogue in
      Convolutions.down(
        g, big: big, weight: weight, small: small, epilogue: epilogue, block: 0, partner: 0,
        tiles: 0..<(g.smallChannels + 3) / 4, rows: 0..<g.smallHeight)
    }
    #expect(continued == zip(fresh, start).map { $0 + $1 })
  }

  @Test(arguments: geometries.indices)
  func up(_ index: Int) {
    let g = Self.geometries[index]
    let small = values(2 * g.smallChannels * g.smallHeight * g.smallWidth, 3)
    let start = values(2 * g.bigChannels * g.bigHeight * g.bigWidth, 4)
    let weight = weights(g)
    let (fresh, continued) = run(start) { big, epilogue in
      Convolutions.up(
        g, small: small, weight: weight, big: big, epilogue: epilogue, block: 0, partner: 0,
        tiles: 0..<(g.bigChannels + 3) / 4, rows: 0..<g.bigHeight)
    }
    #expect(continued == zip(fresh, start).map { $0 + $1 })
  }
}
