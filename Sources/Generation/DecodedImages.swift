import Datasets
import Models
import Pictures
import Training

extension Decoder {
  /// The decoded images of codes, as bytes, for pictures and scores.
  ///
  /// - Parameters:
  ///   - codes: [n][latent], at least one.
  ///   - shape: the size of an image.
  /// - Throws: as ``outputs(_:)``.
  package func images(_ codes: [[Float]], shape: ImageShape) throws -> ImageSet {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(codes.count * shape.count)
    // In parts, so that the floats take little memory compared to the bytes.
    for first in stride(from: 0, to: codes.count, by: 1024) {
      for output in try outputs(Array(codes[first..<min(first + 1024, codes.count)])) {
        pixels += Picture.shades(output)
      }
    }
    return try ImageSet(pixels: pixels, shape: shape)
  }
}

extension ImageSet {
  /// Every image as a picture.
  package var pictures: [Picture] { (0..<count).map { Picture(planar: image($0), shape: shape) } }
}
