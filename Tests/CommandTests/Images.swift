import Foundation
import TestSupport

extension TemporaryFolder {
  /// Makes a data set `folder` of blobs, ten classes; test images follow the training images.
  func putDataset(_ folder: String = "data", train: Int = 80, test: Int = 30, labels: Bool = true) throws {
    for (name, first, count) in [("train", 0, train), ("t10k", train, test)] {
      let images = try Blobs.images(count, first: first)
      try put("\(folder)/\(name)-images-idx3-ubyte", idx(0x803, [count, 28, 28], images.pixels))
      if labels { try put("\(folder)/\(name)-labels-idx1-ubyte", idx(0x801, [count], images.labels!)) }
    }
  }
}
