import Foundation
import Storage

/// Reading the IDX files that MNIST and its kin come in, plain or packed with gzip.
///
/// An IDX file is a magic number, one 32-bit count per dimension (all big-endian) and the bytes. Whether a file
/// is packed is told by its first bytes. What is unpacked goes straight to where it stays, so memory peaks
/// near the unpacked size.
public enum IDX {
  /// The magic number of a file of images: bytes in three dimensions.
  public static let imagesMagic: UInt32 = 0x0000_0803
  /// The magic number of a file of labels: bytes in one dimension.
  public static let labelsMagic: UInt32 = 0x0000_0801

  /// The contents of one file.
  public struct Contents: Sendable, Equatable {
    /// How many images or labels.
    public let count: Int
    /// Images: `count × 28 × 28` pixels, row by row; labels: `count` values from 0 to 9.
    public let bytes: [UInt8]
    /// SHA-256 of the unpacked file, header included, in lowercase hexadecimal digits.
    public let sha256: String
  }

  /// Reads a file of images.
  ///
  /// - Throws: `DatasetError` when it is not exactly a file of one or more 28 × 28 images; `FileError` when it
  ///   cannot be read.
  public static func images(contentsOf url: URL) throws -> Contents {
    try read(url, magic: imagesMagic, itemShape: [ImageSet.side, ImageSet.side])
  }

  /// Reads a file of labels.
  ///
  /// - Throws: `DatasetError` when it is not exactly a file of one or more labels from 0 to 9; `FileError` when
  ///   it cannot be read.
  public static func labels(contentsOf url: URL) throws -> Contents {
    let contents = try read(url, magic: labelsMagic, itemShape: [])
    try ImageSet.checkLabels(contents.bytes, path: url.path)
    return contents
  }

  /// The header of a file with these dimensions; shared with the hash of a data set.
  static func header(magic: UInt32, dimensions: [Int]) -> [UInt8] {
    ([magic] + dimensions.map { UInt32($0) }).flatMap { word in
      [UInt8(truncatingIfNeeded: word >> 24), UInt8(truncatingIfNeeded: word >> 16)]
        + [UInt8(truncatingIfNeeded: word >> 8), UInt8(truncatingIfNeeded: word)]
    }
  }

  private static func read(_ url: URL, magic: UInt32, itemShape: [Int]) throws -> Contents {
    let source = try openByteSource(url)
    let count = try readHeader(source, magic: magic, itemShape: itemShape)
    let header = header(magic: magic, dimensions: [count] + itemShape)
    let (size, overflow) = count.multipliedReportingOverflow(by: itemShape.reduce(1, *))
    guard !overflow, size <= source.mostBytes - header.count else {
      throw DatasetError(
        .truncated, path: source.path,
        "the header promises \(count) items, more than the file can hold: it is cut off or damaged, get it again"
      )
    }
    let bytes = try source.next(size)
    guard bytes.count == size else {
      throw DatasetError(
        .truncated, path: source.path,
        "expected \(size) bytes behind the header, found \(bytes.count): the file is cut off, get it again")
    }
    // Asking for one byte more also has the checksum of a packed file checked.
    guard try source.next(1).isEmpty else {
      throw DatasetError(
        .trailingBytes, path: source.path, "expected the end behind \(count) items, found more bytes")
    }
    var fingerprint = Fingerprint()
    fingerprint.update(header)
    fingerprint.update(bytes)
    return Contents(count: count, bytes: bytes, sha256: fingerprint.hex)
  }

  /// Reads and checks the header, and returns how many items follow.
  private static func readHeader(_ source: any ByteSource, magic: UInt32, itemShape: [Int]) throws -> Int {
    let found = try word(source)
    guard found == magic else {
      throw DatasetError(
        .wrongMagic, path: source.path,
        "expected the IDX magic number \(name(of: magic)), found \(name(of: found))")
    }
    let count = Int(try word(source))
    let shape = try itemShape.map { _ in Int(try word(source)) }
    guard shape == itemShape else {
      let text = shape.map(String.init).joined(separator: " × ")
      throw DatasetError(.wrongShape, path: source.path, "expected images of 28 × 28 pixels, found \(text)")
    }
    guard count > 0 else {
      throw DatasetError(.empty, path: source.path, "expected at least one item, found none")
    }
    return count
  }

  private static func word(_ source: any ByteSource) throws -> UInt32 {
    let bytes = try source.next(4)
    guard bytes.count == 4 else {
      throw DatasetError(
        .truncated, path: source.path, "the file ends in its header: it is cut off, get it again")
    }
    return bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }

  private static func name(of magic: UInt32) -> String {
    let hex = String(format: "0x%08X", magic)
    switch magic {
    case imagesMagic: return hex + " (images)"
    case labelsMagic: return hex + " (labels)"
    default: return hex
    }
  }
}
