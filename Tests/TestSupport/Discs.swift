import Datasets
import Foundation

/// Images of one sharp disc each on black, its place, size and light counted from the image's number. The golden hashes
/// are of models trained on them.
package enum Discs {
  /// Pixels of the first `count` images, [count, channels, height, width]. Shapes other than 28 × 28 show the same picture
  /// larger or smaller, and a later channel is darker.
  package static func pixels(
    _ count: Int, channels: Int = 1, height: Int = 28, width: Int = 28
  ) -> [UInt8] {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(count * channels * height * width)
    for image in 0..<count {
      for channel in 0..<channels {
        for row in 0..<height {
          for column in 0..<width {
            let (dy, dx) = (row * 28 / height - 6 - image * 5 % 16, column * 28 / width - 6 - image * 7 % 17)
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
  package static func images(_ count: Int) throws -> ImageSet {
    try ImageSet(pixels: pixels(count), labels: (0..<count).map { UInt8($0 % 10) })
  }

  /// A data set of such images.
  package static func dataset(train: Int, test: Int) throws -> Dataset {
    try Dataset(
      name: "discs", train: try images(train), test: try images(test),
      source: URL(fileURLWithPath: "/nowhere"))
  }
}
