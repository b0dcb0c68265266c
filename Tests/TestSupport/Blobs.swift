import Datasets
import Foundation

/// Images of one soft blob each on black, whose position is its class: every model learns them in a few steps.
package enum Blobs {
  /// The class of image `number`, 0 to 9.
  package static func label(_ number: Int) -> UInt8 { UInt8(number * 7 % 10) }

  /// Pixels of the images `first ..< first + count`, [count, channels, height, width]. Sizes other than 28 × 28 show the
  /// same picture larger or smaller, and a later channel is darker.
  package static func pixels(
    _ count: Int, first: Int = 0, shape: ImageShape = .mnist
  ) -> [UInt8] {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(count * shape.count)
    for number in first..<first + count {
      let label = Int(label(number))
      let (centreY, centreX) = (6 + label / 4 * 7 + number % 3, 5 + label % 4 * 6 + number % 2)
      for channel in 0..<shape.channels {
        for row in 0..<shape.height {
          for column in 0..<shape.width {
            let (dy, dx) = (row * 28 / shape.height - centreY, column * 28 / shape.width - centreX)
            let distance = dy * dy + dx * dx
            pixels.append(distance < 16 ? UInt8((255 - distance * 10 - number % 5) / (channel + 1)) : 0)
          }
        }
      }
    }
    return pixels
  }

  /// The images `first ..< first + count`.
  package static func images(
    _ count: Int, first: Int = 0, labelled: Bool = true, shape: ImageShape = .mnist
  ) throws -> ImageSet {
    try ImageSet(
      pixels: pixels(count, first: first, shape: shape),
      labels: labelled ? (first..<first + count).map(label) : nil, shape: shape)
  }

  /// A data set whose test images follow its training images.
  package static func dataset(
    train: Int, test: Int, labelled: Bool = true, shape: ImageShape = .mnist
  ) throws -> Dataset {
    try Dataset(
      name: "blobs", train: try images(train, labelled: labelled, shape: shape),
      test: try images(test, first: train, labelled: labelled, shape: shape),
      source: URL(fileURLWithPath: "/nowhere"))
  }
}
