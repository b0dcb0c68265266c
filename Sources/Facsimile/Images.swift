import Datasets
import Foundation
import Programs
import Training

/// Images of one size, with or without a class for each: for training or inference.
///
/// Shape: [N, C, H, W] with 1 channel (gray) or 3 (red, green, blue) and sides of 8 to 128 pixels. Kept as bytes, 0 is
/// black; models see byte / 255.
public struct Images: Sendable {
  let stored: ImageSet
  /// The data set they come from; nil for images from a program.
  let origin: Origin?

  /// A data set that images come from, for a run's manifest.
  struct Origin: Sendable, Hashable {
    let name: String
    let source: URL?
    let classNames: [String]?
    let isVerified: Bool
  }

  /// N.
  public var count: Int { stored.count }
  /// Shape of one image, [C, H, W].
  public var shape: MapShape { MapShape(stored.shape) }
  /// Values of all images, [N, C, H, W], 0 to 255.
  public var bytes: [UInt8] { stored.pixels }
  /// A class for each image, from 0; nil if there are none.
  public var labels: [UInt8]? { stored.labels }
  /// Names of the classes, from class 0, if known.
  public var classNames: [String]? { origin?.classNames }

  init(_ stored: ImageSet, origin: Origin? = nil) {
    self.stored = stored
    self.origin = origin
  }

  /// Images from bytes.
  ///
  /// - Parameters:
  ///   - bytes: [N, C, H, W], the last dimension fastest; 0 is black.
  ///   - shape: [C, H, W].
  ///   - labels: a class for each image, from 0 without gaps; nil for none.
  /// - Throws: `DatasetError` if the shape is not supported, there are no images or an incomplete one, or the
  ///   number of labels is not that of the images.
  public init(bytes: [UInt8], shape: MapShape, labels: [UInt8]? = nil) throws {
    self.init(try ImageSet(pixels: bytes, labels: labels, shape: ImageShape(shape)))
  }

  /// Images from numbers, kept as bytes: 255 · x, rounded to nearest, ties away from zero.
  ///
  /// - Parameters:
  ///   - floats: [N, C, H, W], the last dimension fastest, each from 0 (black) to 1.
  ///   - shape: [C, H, W].
  ///   - labels: a class for each image, from 0 without gaps; nil for none.
  /// - Throws: `DatasetError` naming the first value that is outside 0 … 1 or NaN; else as
  ///   ``init(bytes:shape:labels:)``.
  public init(floats: [Float], shape: MapShape, labels: [UInt8]? = nil) throws {
    self.init(try ImageSet(brightnesses: floats, labels: labels, shape: ImageShape(shape)))
  }

  /// Reads a data set.
  ///
  /// - Parameter nameOrFolder: `mnist`, `fashion-mnist`, `kmnist`, `cifar-10` or `emnist-letters` and its like, looked for in the folders of
  ///   `$FACSIMILE_DATA`, the user's cache and `/usr/share/datasets`; or a folder of IDX files, of CIFAR-10's binary
  ///   files, or of PNG images (`train/CLASS/*.png` and `test/CLASS/*.png`; `CLASS/*.png`, of which a tenth becomes the
  ///   test images; or no classes).
  /// - Parameter takesUnverified: whether to accept files that cannot be checked against published hashes:
  ///   those of `kmnist` unpacked, and other files of `cifar-10` than the published ones.
  /// - Throws: `DatasetError`, `PNGError`, `FileError` or `NotAFile` if it is missing, damaged, or not what its
  ///   name says.
  public static func load(_ nameOrFolder: String, takesUnverified: Bool = false) throws -> (
    train: Images, test: Images
  ) {
    var catalog = DatasetCatalog()
    catalog.takesUnverified = takesUnverified
    let dataset = try catalog.load(nameOrFolder)
    let origin = Origin(
      name: dataset.name, source: dataset.source, classNames: dataset.classNames,
      isVerified: dataset.isVerified)
    return (Images(dataset.train, origin: origin), Images(dataset.test, origin: origin))
  }

  /// The first `count` images, or all if there are fewer.
  public func prefix(_ count: Int) -> Images {
    precondition(count > 0, "Images: the first \(count) images are none")
    let count = min(count, self.count)
    let few = try! ImageSet(
      // A part of a valid set is valid.
      pixels: stored.bytes.values(0..<count * stored.shape.count),
      labels: stored.labels.map { Array($0.prefix(count)) },
      shape: stored.shape)
    return Images(few, origin: origin)
  }

  /// Both as the data set of a run; without `test` the images for pictures are the training images.
  func dataset(test: Images?) throws -> Dataset {
    // Images of two sources, or one part of a data set, are not what was published under the name.
    let common = test.flatMap { $0.origin == origin ? origin : nil }
    return try Dataset(
      name: common?.name ?? "images", train: stored, test: (test ?? self).stored,
      classNames: common?.classNames, source: common?.source, isVerified: common?.isVerified ?? false)
  }
}

extension ImageShape {
  init(_ shape: MapShape) { self.init(channels: shape.channels, height: shape.height, width: shape.width) }
}
