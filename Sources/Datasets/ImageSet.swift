import Foundation
import Numerics

/// Images of one size, stored contiguously, with or without labels.
package struct ImageSet: Sendable, Equatable {
  /// Number of images.
  package let count: Int
  /// The size of every image.
  package let shape: ImageShape
  /// `count × channels × height × width` values, image by image, channel by channel, row by row; 0 is black.
  package let bytes: ImageBytes
  /// `count` classes, numbered from 0, or nil if there are none.
  package let labels: [UInt8]?
  /// Bytes that images may take on a device at a time; nil: what device and machine can spare. Affects speed and memory,
  /// never results.
  package var memory: Int?

  /// Values per pixel: 1 or 3.
  package var channels: Int { shape.channels }
  /// Rows per image.
  package var height: Int { shape.height }
  /// Pixels per row.
  package var width: Int { shape.width }

  /// A set from its pixels and labels.
  ///
  /// - Parameters:
  ///   - pixels: as in ``bytes``.
  ///   - labels: a class for each image, or nil.
  ///   - shape: the size of every image.
  /// - Throws: `DatasetError` when the size is not supported, there are no images or an incomplete one, or their number
  ///   is not that of the labels.
  package init(pixels: [UInt8], labels: [UInt8]? = nil, shape: ImageShape = .mnist) throws {
    try self.init(bytes: ImageBytes(pixels), labels: labels, shape: shape)
  }

  /// A set from values that may be in a file; else as ``init(pixels:labels:shape:)``.
  init(bytes: ImageBytes, labels: [UInt8]?, shape: ImageShape) throws {
    try shape.check(path: nil)
    guard bytes.count > 0 else { throw DatasetError(.empty, "expected at least one image, found none") }
    guard bytes.count.isMultiple(of: shape.count) else {
      throw DatasetError(
        .wrongShape, "expected a multiple of \(shape.count) bytes (images of \(shape)), found \(bytes.count)"
      )
    }
    count = bytes.count / shape.count
    if let labels, labels.count != count {
      throw DatasetError(
        .countMismatch, "expected \(counted(count, "label")), one per image, found \(labels.count)")
    }
    self.shape = shape
    self.bytes = bytes
    self.labels = labels
  }

  /// A set from brightnesses 0 … 1, kept as bytes: 255 × value, rounded to nearest, ties away from zero.
  ///
  /// - Throws: as ``init(pixels:labels:shape:)``, and `DatasetError` naming the first value outside 0 … 1.
  package init(brightnesses: [Float], labels: [UInt8]? = nil, shape: ImageShape) throws {
    // The range does not contain NaN.
    if let wrong = brightnesses.firstIndex(where: { !(0...1).contains($0) }) {
      let place =
        shape.count > 0 ? "value \(wrong % shape.count) of image \(wrong / shape.count)" : "value \(wrong)"
      throw DatasetError(
        .badValue, "\(place) is \(brightnesses[wrong]): expected numbers from 0 to 1 (divide bytes by 255)")
    }
    try self.init(pixels: brightnesses.map { UInt8(($0 * 255).rounded()) }, labels: labels, shape: shape)
  }

  /// All values; images on disk are read again. Traps if their file has changed meanwhile.
  package var pixels: [UInt8] { Self.found { try bytes.values(0..<bytes.count) } }

  /// The `shape.count` values of one image, channel by channel, row by row. Traps if its file has changed meanwhile.
  package func image(_ index: Int) -> [UInt8] {
    precondition(index >= 0 && index < count, "ImageSet: image \(index) of \(count)")
    return Self.found { try bytes.values(index * shape.count..<(index + 1) * shape.count) }
  }

  /// Copies whole images, one after another.
  ///
  /// - Throws: `FileError`; `DatasetError` if their file has changed meanwhile.
  package func read(_ images: ArraySlice<UInt32>, into buffer: UnsafeMutableRawBufferPointer) throws {
    let size = shape.count
    try bytes.read(from: images.lazy.map { Int($0) * size }, size, into: buffer)
  }

  private static func found(_ read: () throws -> [UInt8]) -> [UInt8] {
    do { return try read() } catch { fatalError("\(error)") }
  }

  /// - Parameters:
  ///   - limit: the maximum number of bytes; half of the machine's memory unless given.
  ///   - path: the file or folder that the images are in.
  /// - Throws: `DatasetError` with the bytes needed when the images do not fit in memory.
  package static func checkMemory(
    count: Int, shape: ImageShape, path: String?, limit: UInt64 = ProcessInfo.processInfo.physicalMemory / 2
  ) throws {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: shape.count)
    guard overflow || bytes > limit else { return }
    throw DatasetError(
      .tooLarge, path: path,
      "\(counted(count, "image")) of \(shape) need \(overflow ? "more than \(Int.max)" : "\(bytes)") bytes of memory, expected at "
        + "most \(limit), half of what this machine has: use fewer images")
  }
}
