import Datasets
import Pictures

/// All images in one picture, row by row from the upper left, which the embedding projector cuts up again.
package struct Sprite {
  /// The largest side that browsers accept.
  package static let largestSide = 8192

  /// The picture; places without an image are black.
  package let picture: Picture
  /// Width and height of one image in it.
  package let tile: (width: Int, height: Int)

  /// The images in a grid with about as many columns as rows; if that would be too large, each image is reduced
  /// by a whole factor, by averaging that many pixels per side.
  package init(_ images: ImageSet, largestSide: Int = Self.largestSide) {
    var columns = 1
    while columns * columns < images.count { columns += 1 }
    let longest = max(images.width, images.height)
    var factor = 1
    while factor < longest, columns * ((longest + factor - 1) / factor) > largestSide { factor += 1 }
    let tiles = (0..<images.count).map {
      Picture(planar: images.image($0), shape: images.shape).reduced(by: factor)
    }
    tile = (tiles[0].width, tiles[0].height)
    picture = ImageGrid(margin: 0, scale: 1, background: 0).picture(
      rows: stride(from: 0, to: tiles.count, by: columns).map {
        Array(tiles[$0..<min($0 + columns, tiles.count)])
      })
  }
}

extension Picture {
  /// The picture reduced to the mean of each `factor` × `factor` pixels, rounded to nearest, ties up; pixels beyond the
  /// border do not count.
  fileprivate func reduced(by factor: Int) -> Picture {
    guard factor > 1 else { return self }
    let (columns, rows) = ((width + factor - 1) / factor, (height + factor - 1) / factor)
    var values: [UInt8] = []
    values.reserveCapacity(columns * rows * channels)
    for row in 0..<rows {
      for column in 0..<columns {
        let ys = row * factor..<min((row + 1) * factor, height)
        let xs = column * factor..<min((column + 1) * factor, width)
        let count = ys.count * xs.count
        for channel in 0..<channels {
          let sum = ys.reduce(0) { sum, y in xs.reduce(sum) { $0 + Int(self[$1, y, channel]) } }
          values.append(UInt8((sum + count / 2) / count))
        }
      }
    }
    return Picture(channels: channels, width: columns, height: rows, pixels: values)
  }
}
