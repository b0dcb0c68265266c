import CPNG
import Foundation

/// An image in shades of gray, one byte per pixel: 0 is black, 255 white.
public struct GrayImage: Sendable, Equatable {
  /// Pixels per row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `height × width` values, row by row from the top.
  public private(set) var pixels: [UInt8]

  /// An image from its pixels.
  ///
  /// The sizes must be positive and the count of pixels their product; anything else is a mistake in the
  /// program, and traps.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && pixels.count == width * height,
      "GrayImage: \(pixels.count) pixels for \(width) × \(height)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// An image of one shade.
  public init(width: Int, height: Int, shade: UInt8) {
    precondition(width > 0 && height > 0, "GrayImage: \(width) × \(height)")
    self.init(width: width, height: height, pixels: [UInt8](repeating: shade, count: width * height))
  }

  /// The shade for a value from 0 to 1: `255 × value`, rounded to nearest, ties away from zero.
  ///
  /// Values outside are clamped; not-a-number is black.
  public static func shade(_ value: Float) -> UInt8 {
    // The comparison is false for not-a-number, which must not reach the conversion.
    guard value > 0 else { return 0 }
    return value >= 1 ? 255 : UInt8((value * 255).rounded())
  }

  /// The shade at a place; (0, 0) is the upper left corner.
  public subscript(x: Int, y: Int) -> UInt8 {
    get { pixels[index(x, y)] }
    set { pixels[index(x, y)] = newValue }
  }

  private func index(_ x: Int, _ y: Int) -> Int {
    precondition(
      x >= 0 && x < width && y >= 0 && y < height, "GrayImage: (\(x), \(y)) is outside \(width) × \(height)")
    return y * width + x
  }
}

/// A PNG that cannot be written or read: the file where there is one, and libpng's reason.
public struct PNGError: Error, Equatable, CustomStringConvertible {
  /// The file, where there is one.
  public let path: String?
  /// What went wrong.
  public let reason: String

  /// One line: the file and the reason.
  public var description: String {
    "\(path ?? "PNG"): \(reason)"
  }
}

extension GrayImage {
  /// The most pixels that are read: more is taken for a damaged or hostile file.
  static let mostPixels = 1 << 28

  /// The image as a PNG, 8 bits gray.
  ///
  /// - Throws: `PNGError` when the image is wider or higher than libpng writes (1,000,000).
  public func pngData() throws -> Data {
    var image = Self.descriptor(width: UInt32(clamping: width), height: UInt32(clamping: height))
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

  /// Writes the image as a PNG, as a whole or not at all; see `AtomicFile`.
  ///
  /// - Throws: `PNGError`, `FileError`.
  public func write(to url: URL) throws {
    try AtomicFile.write(pngData(), to: url)
  }

  /// Reads a PNG; see `init(pngData:)`.
  ///
  /// - Throws: `FileError` when it cannot be read, `PNGError` naming the file when it is no sound PNG.
  public init(contentsOf url: URL) throws {
    try self.init(png: try readFile(url), path: url.path)
  }

  /// Reads a PNG of any kind as shades of gray.
  ///
  /// Eight-bit gray comes back unchanged; colour becomes its luminance; what is transparent lies on black.
  ///
  /// - Throws: `PNGError`.
  public init(pngData: Data) throws {
    try self.init(png: pngData, path: nil)
  }

  private init(png: Data, path: String?) throws {
    var image = Self.descriptor(width: 0, height: 0)
    defer { png_image_free(&image) }
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
      image.format = png_uint_32(PNG_FORMAT_GRAY)
      pixels = [UInt8](repeating: 0, count: count)
      var black = png_color(red: 0, green: 0, blue: 0)
      guard png_image_finish_read(&image, &black, &pixels, 0, nil) != 0 else {
        throw PNGError(path: path, reason: "the PNG is damaged: \(Self.message(in: image))")
      }
    }
    self.init(width: Int(image.width), height: Int(image.height), pixels: pixels)
  }

  private static func descriptor(width: UInt32, height: UInt32) -> png_image {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = width
    image.height = height
    image.format = png_uint_32(PNG_FORMAT_GRAY)
    return image
  }

  private static func message(in image: png_image) -> String {
    withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
