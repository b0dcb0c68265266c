import Foundation
import Pictures

/// Reads many PNG of one size.
enum PNGImages {
  /// The values of all images, as in ``ImageSet/bytes``.
  ///
  /// - Parameter shape: what ``shape(of:)`` found.
  /// - Throws: as ``values(of:_:)``; `DatasetError` if memory is too small.
  static func pixels(of files: [URL], _ shape: ImageShape) throws -> [UInt8] {
    try ImageSet.checkMemory(count: files.count, shape: shape, path: nil)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(files.count * shape.count)
    for file in files { pixels += try values(of: file, shape) }
    return pixels
  }

  /// The values of one image; in a set of three channels, a gray one becomes red, green and blue of the same shade.
  ///
  /// - Throws: `PNGError` for a picture that is damaged, `DatasetError`, `FileError`, `NotAFile`.
  static func values(of file: URL, _ shape: ImageShape) throws -> [UInt8] {
    let picture = try Picture(contentsOf: file)
    let found = ImageShape(channels: shape.channels, height: picture.height, width: picture.width)
    guard found == shape, picture.channels <= shape.channels else {
      throw DatasetError(.wrongShape, path: file.path, "the file changed while the folder was read")
    }
    return (shape.channels == 3 ? picture.inColour : picture).planar
  }

  /// The size of all images: three channels if any is in colour. Only the headers are read.
  ///
  /// - Throws: `DatasetError` for sizes that are not supported or differ; `PNGError`, `FileError`, `NotAFile`.
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
    return ImageShape(channels: channels, height: shape.height, width: shape.width)
  }
}
