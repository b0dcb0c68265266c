import Pictures

/// The size of an image: channels, rows, and pixels per row.
package struct ImageShape: Hashable, Sendable, CustomStringConvertible {
  /// Values per pixel: 1 (gray) or 3 (red, green, blue).
  package let channels: Int
  /// Rows.
  package let height: Int
  /// Pixels per row.
  package let width: Int

  /// The side lengths that images may have.
  package static let sides = 8...128
  /// The images of MNIST and similar data sets: 1×28×28.
  package static let mnist = ImageShape(channels: 1, height: 28, width: 28)

  /// An unchecked size: a set of images refuses one that is not supported.
  package init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// Bytes of one image.
  package var count: Int { channels * height * width }

  /// `3×32×32`
  package var description: String { "\(channels)×\(height)×\(width)" }

  /// - Parameter path: the file that images of this size come from.
  /// - Throws: `DatasetError` when images of this size are not supported.
  func check(path: String?) throws {
    guard channels == 1 || channels == 3 else {
      throw DatasetError(
        .wrongShape, path: path,
        "expected images of 1 or 3 channels, found \(self) (channels × height × width)")
    }
    guard Self.sides.contains(height), Self.sides.contains(width) else {
      throw DatasetError(
        .wrongShape, path: path,
        "expected images of \(Self.sides.lowerBound) to \(Self.sides.upperBound) pixels a side, "
          + "found \(height) × \(width) (height × width)")
    }
  }
}

extension Picture {
  /// A picture from the values of one image: channel by channel, row by row.
  package init(planar values: [UInt8], shape: ImageShape) {
    self.init(planar: values, channels: shape.channels, height: shape.height, width: shape.width)
  }

  /// The same from values from 0 to 1; see ``shade(_:)``.
  package init(values: [Float], shape: ImageShape) { self.init(planar: Self.shades(values), shape: shape) }
}
