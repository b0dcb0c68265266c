import Foundation
import Numerics
import Storage

/// Reads the IDX files of MNIST and similar data sets, plain or compressed with gzip.
///
/// An IDX file is a magic number, one 32-bit count per dimension (all big-endian) and the bytes. Compression is
/// recognised by the first bytes. Data are decompressed directly to their destination, so peak memory is near the
/// decompressed size.
package enum IDX {
  /// The magic number of a file of gray images: bytes in three dimensions.
  package static let imagesMagic: UInt32 = 0x0000_0803
  /// The magic number of a file of images with channels: bytes in four dimensions.
  package static let channelImagesMagic: UInt32 = 0x0000_0804
  /// The magic number of a file of labels: bytes in one dimension.
  package static let labelsMagic: UInt32 = 0x0000_0801

  /// The contents of one file.
  package struct Contents: Sendable, Equatable {
    /// Number of images or labels.
    package let count: Int
    /// The size of every image; nil for labels.
    package let shape: ImageShape?
    /// Images: as in ``ImageSet/bytes``; labels: `count` values.
    package let values: ImageBytes
    /// SHA-256 of the unpacked file, header included, in lowercase hexadecimal digits.
    package let sha256: String

    /// The values in memory.
    package var bytes: [UInt8] { get throws { try values.values(0..<values.count) } }
  }

  /// Reads a file of images: [count, height, width], or [count, channels, height, width].
  ///
  /// - Parameter limit: a plain file with more values stays on disk, and is read on demand.
  /// - Throws: `DatasetError` when it is not exactly a file of one or more images of a supported size; `FileError` or
  ///   `NotAFile` when it cannot be read.
  package static func images(contentsOf url: URL, inMemory limit: Int = .max) throws -> Contents {
    try images(openByteSource(url), inMemory: limit)
  }

  /// Reads images from what comes next in `source`; `isLast`: whether nothing may follow.
  static func images(
    _ source: any ByteSource, at start: Int = 0, inMemory limit: Int = .max, isLast: Bool = true
  ) throws -> Contents {
    let header = try readHeader(source, magics: [imagesMagic, channelImagesMagic])
    let sizes = header.dimensions.dropFirst()
    let shape = ImageShape(
      channels: sizes.count == 3 ? sizes.first! : 1, height: sizes.dropLast().last!, width: sizes.last!)
    try shape.check(path: source.path)
    return try readItems(source, header, shape: shape, at: start, inMemory: limit, isLast: isLast)
  }

  /// Reads a file of labels.
  ///
  /// - Throws: `DatasetError` when it is not exactly a file of one or more labels; `FileError` or `NotAFile`
  ///   when it cannot be read.
  package static func labels(contentsOf url: URL) throws -> Contents {
    try labels(openByteSource(url))
  }

  /// Reads labels from what comes next in `source`.
  static func labels(_ source: any ByteSource, isLast: Bool = true) throws -> Contents {
    try readItems(source, readHeader(source, magics: [labelsMagic]), shape: nil, isLast: isLast)
  }

  /// The header of a file with these dimensions; shared with the hash of a data set.
  static func header(magic: UInt32, dimensions: [Int]) -> [UInt8] {
    ([magic] + dimensions.map { UInt32($0) }).flatMap { word in
      [UInt8(truncatingIfNeeded: word >> 24), UInt8(truncatingIfNeeded: word >> 16)]
        + [UInt8(truncatingIfNeeded: word >> 8), UInt8(truncatingIfNeeded: word)]
    }
  }

  /// The header of a file of images: three dimensions for one channel, four for more.
  static func imagesHeader(count: Int, shape: ImageShape) -> [UInt8] {
    shape.channels == 1
      ? header(magic: imagesMagic, dimensions: [count, shape.height, shape.width])
      : header(magic: channelImagesMagic, dimensions: [count, shape.channels, shape.height, shape.width])
  }

  private struct Header {
    let bytes: [UInt8]
    let dimensions: [Int]
  }

  /// Reads and checks the header; its last byte says how many dimensions follow.
  private static func readHeader(_ source: any ByteSource, magics: [UInt32]) throws -> Header {
    let magic = try word(source)
    guard magics.contains(magic) else {
      let expected = magics.map(name(of:)).joined(separator: " or ")
      throw DatasetError(
        .wrongMagic, path: source.path, "expected the IDX magic number \(expected), found \(name(of: magic))")
    }
    let dimensions = try (0..<magic & 0xFF).map { _ in Int(try word(source)) }
    guard dimensions[0] > 0 else {
      throw DatasetError(.empty, path: source.path, "expected at least one item, found none")
    }
    return Header(bytes: header(magic: magic, dimensions: dimensions), dimensions: dimensions)
  }

  /// Reads what follows the header, up to the end of the file if `isLast`.
  private static func readItems(
    _ source: any ByteSource, _ header: Header, shape: ImageShape?, at start: Int = 0,
    inMemory limit: Int = .max, isLast: Bool
  ) throws -> Contents {
    let count = header.dimensions[0]
    let (size, overflow) = count.multipliedReportingOverflow(by: shape?.count ?? 1)
    guard !overflow, size <= source.mostBytes - header.bytes.count else {
      throw DatasetError(
        .truncated, path: source.path,
        "the header promises \(count) items, more than the file can hold: it is cut off or damaged, get it again"
      )
    }
    var fingerprint = Fingerprint()
    fingerprint.update(header.bytes)
    let values: ImageBytes
    let found: Int
    if let file = source as? FileBytes, size > limit {
      found = try file.pass(size) { fingerprint.update($0) }
      values = ImageBytes(file, offset: start + header.bytes.count, count: size)
    } else {
      if let shape { try ImageSet.checkMemory(count: count, shape: shape, path: source.path) }
      let bytes = try source.next(size)
      fingerprint.update(bytes)
      (found, values) = (bytes.count, ImageBytes(bytes))
    }
    guard found == size else {
      throw DatasetError(
        .truncated, path: source.path,
        "expected \(size) bytes after the header, found \(found): the file is cut off, get it again")
    }
    // Requesting one more byte also verifies the checksum of a compressed file.
    guard try !isLast || source.next(1).isEmpty else {
      throw DatasetError(
        .trailingBytes, path: source.path,
        "expected the end after \(counted(count, "item")), found more bytes")
    }
    return Contents(count: count, shape: shape, values: values, sha256: fingerprint.hex)
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
    case imagesMagic: return hex + " (gray images)"
    case channelImagesMagic: return hex + " (images with channels)"
    case labelsMagic: return hex + " (labels)"
    default: return hex
    }
  }
}
