/// Moves images between PyTorch's order `[N][C][H][W]` and the stored `[block][y][x][channel][16]`.
package enum ImageLayout {
  /// Index of value (channel, y, x) of image `n`.
  package static func index(_ shape: MapShape, image n: Int, channel: Int, y: Int, x: Int) -> Int {
    let pixel = (n / Blocking.block * shape.height + y) * shape.width + x
    return (pixel * shape.channels + channel) * Blocking.block + n % Blocking.block
  }

  /// `values` [N, C, H, W] in stored order; absent lanes become 0.
  package static func pack(_ values: [Float], _ shape: MapShape, batch: Int) -> [Float] {
    var packed = [Float](repeating: 0, count: Contents.images(batch: batch, shape).count)
    forEach(shape, batch) { packed[$1] = values[$0] }
    return packed
  }

  /// The inverse of ``pack(_:_:batch:)``.
  package static func unpack(_ packed: [Float], _ shape: MapShape, batch: Int) -> [Float] {
    var values = [Float](repeating: 0, count: batch * shape.count)
    forEach(shape, batch) { values[$0] = packed[$1] }
    return values
  }

  private static func forEach(_ shape: MapShape, _ batch: Int, _ body: (_ plain: Int, _ packed: Int) -> Void)
  {
    var plain = 0
    for n in 0..<batch {
      for channel in 0..<shape.channels {
        for y in 0..<shape.height {
          for x in 0..<shape.width {
            body(plain, index(shape, image: n, channel: channel, y: y, x: x))
            plain += 1
          }
        }
      }
    }
  }
}
