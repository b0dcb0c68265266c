import CPNG
import Foundation
import Storage

/// A PNG that cannot be written or read: the file, if any, and the reason.
public struct PNGError: Error, Equatable, CustomStringConvertible {
  /// The file, if any.
  public let path: String?
  /// What went wrong.
  public let reason: String

  /// One line: the file and the reason.
  public var description: String {
    "\(path ?? "PNG"): \(reason)"
  }
}

extension Picture {
  /// The maximum number of pixels to read: more means a damaged or hostile file.
  static let mostPixels = 1 << 28

  /// The picture as a PNG of 8 bits, gray or RGB.
  ///
  /// - Throws: `PNGError` when the picture is wider or higher than libpng writes (1,000,000).
  public func pngData() throws -> Data {
    var image = Self.descriptor(width: UInt32(clamping: width), height: UInt32(clamping: height))
    image.format = Self.format(channels: channels)
    defer { png_image_free(&image) }
    var size: png_alloc_size_t = 0
    // The first call only measures.
    guard png_image_write_to_memory(&image, nil, &size, 0, pixels, 0, nil) != 0 else {
      throw PNGError(path: nil, reason: "cannot write \(width) × \(height): \(Self.message(in: image))")
    }
    var data = Data(count: Int(size))
    let written = data.withUnsafeMutableBytes {
      png_image_write_to_memory(&image, $0.baseAddress, &size, 0, pixels, 0, nil)
    }
    guard written != 0 else {
      throw PNGError(path: nil, reason: "cannot write \(width) × \(height): \(Self.message(in: image))")
    }
    return data.prefix(Int(size))
  }

  /// Writes the picture as a PNG atomically; see `AtomicFile`.
  ///
  /// - Throws: `PNGError`, `FileError`.
  public func write(to url: URL) throws {
    try AtomicFile.write(pngData(), to: url)
  }

  /// Reads a PNG; see `init(pngData:)`.
  ///
  /// - Throws: `FileError` or `NotAFile` when it cannot be read, `PNGError` naming the file when it is not a valid PNG.
  public init(contentsOf url: URL) throws {
    try self.init(png: try readFile(url), path: url.path)
  }

  /// Reads a PNG of any kind: gray ones as one channel, RGB and palettes as three.
  ///
  /// Eight-bit values come back unchanged, unless the file says (`gAMA`) that they are not in sRGB; 16 bits are
  /// rounded to 8 by libpng; transparency is composed over black.
  ///
  /// - Throws: `PNGError`.
  public init(pngData: Data) throws {
    try self.init(png: pngData, path: nil)
  }

  private init(png: Data, path: String?) throws {
    var image = Self.descriptor(width: 0, height: 0)
    defer { png_image_free(&image) }
    var channels = 1
    var pixels: [UInt8] = []
    // The reader keeps a pointer into the data from the first call to the second.
    try png.withUnsafeBytes { bytes in
      guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else {
        throw PNGError(path: path, reason: "expected a PNG: \(Self.message(in: image))")
      }
      let count = Int(image.width) * Int(image.height)
      guard count <= Self.mostPixels else {
        throw PNGError(
          path: path,
          reason: "\(image.width) × \(image.height) pixels, expected at most \(Self.mostPixels) in all")
      }
      channels = image.format & png_uint_32(PNG_FORMAT_FLAG_COLOR) == 0 ? 1 : 3
      image.format = Self.format(channels: channels)
      // Else libpng would take 16-bit values for linear light.
      image.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
      pixels = [UInt8](repeating: 0, count: count * channels)
      var black = png_color(red: 0, green: 0, blue: 0)
      guard png_image_finish_read(&image, &black, &pixels, 0, nil) != 0 else {
        throw PNGError(path: path, reason: "the PNG is damaged: \(Self.message(in: image))")
      }
    }
    self.init(
      channels: channels, width: Int(image.width), height: Int(image.height), pixels: pixels)
  }

  private static func descriptor(width: UInt32, height: UInt32) -> png_image {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = width
    image.height = height
    return image
  }

  private static func format(channels: Int) -> png_uint_32 {
    channels == 1 ? png_uint_32(PNG_FORMAT_GRAY) : png_uint_32(PNG_FORMAT_RGB)
  }

  private static func message(in image: png_image) -> String {
    withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
