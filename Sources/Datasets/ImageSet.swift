/// Images of 28 × 28 gray pixels in one block of bytes, with or without a class for each.
public struct ImageSet: Sendable, Equatable {
  /// Pixels per row, and rows per image.
  static let side = 28
  /// How many classes there are: labels run from 0 to 9.
  public static let classCount = 10
  /// Bytes per image: 784.
  public static let pixelsPerImage = side * side

  /// How many images.
  public let count: Int
  /// Rows per image: 28.
  public var height: Int { Self.side }
  /// Pixels per row: 28.
  public var width: Int { Self.side }
  /// `count × 784` values, image by image, row by row; 0 is background.
  public let pixels: [UInt8]
  /// `count` classes from 0 to 9, or nil where there are none.
  public let labels: [UInt8]?

  /// A set from its pixels and labels.
  ///
  /// - Throws: `DatasetError` when there is no image, a part of one, a label too many or too few, or one
  ///   above 9.
  public init(pixels: [UInt8], labels: [UInt8]? = nil) throws {
    guard !pixels.isEmpty else { throw DatasetError(.empty, "expected at least one image, found none") }
    guard pixels.count.isMultiple(of: Self.pixelsPerImage) else {
      throw DatasetError(
        .wrongShape, "expected a multiple of \(Self.pixelsPerImage) pixels, found \(pixels.count)")
    }
    count = pixels.count / Self.pixelsPerImage
    if let labels {
      guard labels.count == count else {
        throw DatasetError(.countMismatch, "expected \(count) labels, one per image, found \(labels.count)")
      }
      try Self.checkLabels(labels, path: nil)
    }
    self.pixels = pixels
    self.labels = labels
  }

  /// The 784 pixels of one image, row by row.
  public func image(_ index: Int) -> [UInt8] {
    precondition(index >= 0 && index < count, "ImageSet: image \(index) of \(count)")
    return Array(pixels[index * Self.pixelsPerImage..<(index + 1) * Self.pixelsPerImage])
  }

  static func checkLabels(_ labels: [UInt8], path: String?) throws {
    if let index = labels.firstIndex(where: { $0 >= classCount }) {
      throw DatasetError(
        .badLabel, path: path, "expected labels from 0 to 9, found \(labels[index]) for item \(index)")
    }
  }
}
