import Datasets
import Foundation

/// Images of one sharp disc each on black; position, size and brightness follow from the image's number. The golden
/// hashes are of models trained on them.
package enum Discs {
  /// Pixels of the first `count` images, [count, channels, height, width]. Sizes other than 28 × 28 show the same picture
  /// larger or smaller, and a later channel is darker.
  package static func pixels(
    _ count: Int, shape: ImageShape = .mnist
  ) -> [UInt8] {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(count * shape.count)
    for image in 0..<count {
      for channel in 0..<shape.channels {
        for row in 0..<shape.height {
          for column in 0..<shape.width {
            let (dy, dx) = (
              row * 28 / shape.height - 6 - image * 5 % 16, column * 28 / shape.width - 6 - image * 7 % 17
            )
            let distance = dy * dy + dx * dx
            let light = distance < 9 + image % 40 ? 255 - image % 90 - distance : 0
            pixels.append(UInt8(light / (channel + 1)))
          }
        }
      }
    }
    return pixels
  }

  /// The first `count` images, of the classes 0, 1, … 9, 0, …
  package static func images(_ count: Int, shape: ImageShape = .mnist) throws -> ImageSet {
    try ImageSet(
      pixels: pixels(count, shape: shape), labels: (0..<count).map { UInt8($0 % 10) }, shape: shape)
  }

  /// A data set of such images.
  package static func dataset(train: Int, test: Int, shape: ImageShape = .mnist) throws -> Dataset {
    try Dataset(
      name: "discs", train: try images(train, shape: shape), test: try images(test, shape: shape),
      source: URL(fileURLWithPath: "/nowhere"))
  }
}
