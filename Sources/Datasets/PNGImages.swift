import Foundation
import Pictures

/// Reading many PNG of one size.
enum PNGImages {
  /// The size of all images, and the values of each part's, as in ``ImageSet/pixels``.
  ///
  /// Where any picture is in colour, gray ones become red, green and blue of the same shade. All sizes are checked,
  /// and the memory that is needed, before a picture is unpacked.
  ///
  /// - Throws: `DatasetError` for sizes that are not handled or differ, `PNGError`, `FileError`, `NotAFile`.
  static func read(_ parts: [[URL]]) throws -> (shape: ImageShape, pixels: [[UInt8]]) {
    let shape = try commonShape(parts.joined())
    let count = parts.reduce(0) { $0 + $1.count }
    try ImageSet.checkMemory(count: count, shape: shape, path: nil)
    let pixels = try parts.map { files in
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
    return (shape, pixels)
  }

  private static func commonShape(_ files: some Sequence<URL>) throws -> ImageShape {
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
