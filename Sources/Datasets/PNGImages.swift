import Foundation
import Pictures

/// Reading many PNG of one size.
enum PNGImages {
  /// The values of all images, as in ``ImageSet/pixels``; in a set of three channels, gray ones become red, green and
  /// blue of the same shade.
  ///
  /// - Parameter shape: what ``shape(of:)`` found.
  /// - Throws: `PNGError` for a picture that is damaged, `DatasetError`, `FileError`, `NotAFile`.
  static func pixels(of files: [URL], _ shape: ImageShape) throws -> [UInt8] {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(files.count * shape.count)
    for file in files {
      let picture = try Picture(contentsOf: file)
      let found = ImageShape(channels: shape.channels, height: picture.height, width: picture.width)
      guard found == shape, picture.channels <= shape.channels else {
        throw DatasetError(.wrongShape, path: file.path, "the file changed while the folder was read")
      }
      pixels += (shape.channels == 3 ? picture.inColour : picture).planar
    }
    return pixels
  }

  /// The size of all images: three channels where any is in colour. Only the headers are read.
  ///
  /// - Throws: `DatasetError` for sizes that are not handled or differ, or if memory does not suffice; `PNGError`,
  ///   `FileError`, `NotAFile`.
  static func shape(of files: [URL]) throws -> ImageShape {
    var first: (file: URL, shape: ImageShape)?
    var channels = 1
    for file in files {
      let header = try PNGHeader(contentsOf: file)
      channels = max(channels, header.channels)
      let shape = ImageShape(channels: 1, height: header.height, width: header.width)
      if let first, first.shape != shape {
        throw DatasetError(
          .wrongShape, path: file.path,
          "expected one size for all images, found \(shape.height) × \(shape.width) pixels (height × width), but "
            + "\(first.file.path) has \(first.shape.height) × \(first.shape.width)")
      }
      if first == nil {
        try shape.check(path: file.path)
        first = (file, shape)
      }
    }
    guard let shape = first?.shape else { preconditionFailure("PNGImages: no files") }
    let common = ImageShape(channels: channels, height: shape.height, width: shape.width)
    try ImageSet.checkMemory(count: files.count, shape: common, path: nil)
    return common
  }
}
