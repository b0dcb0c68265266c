import CZlib
import Foundation

/// The unpacked bytes of a gzip file, which may hold several members one after the other, or of plain deflated data.
///
/// The checksum and length at the end of every member are checked before the end is reported.
final class GzipBytes: ByteSource {
  static let magic: [UInt8] = [0x1F, 0x8B]
  /// One byte of deflate expands to at most 1,032; rounded up, this bounds what a header may claim.
  private static let highestRatio = 1040

  /// What surrounds the compressed data.
  enum Format: Int32 {
    /// Headers, checksums and lengths. The value is zlib's number of window bits.
    case gzip = 31
    /// Nothing.
    case deflate = -15
  }

  let path: String
  let mostBytes: Int
  private let file: any ByteSource
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
  // zlib keeps the stream's address, so the stream must not move.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private var isBetweenMembers = false

  init(_ file: any ByteSource, _ format: Format = .gzip) {
    self.file = file
    path = file.path
    let (most, overflow) = file.mostBytes.multipliedReportingOverflow(by: Self.highestRatio)
    mostBytes = overflow ? .max : most
    stream.initialize(to: z_stream())
    let size = Int32(MemoryLayout<z_stream>.size)
    let status = inflateInit2_(stream, format.rawValue, ZLIB_VERSION, size)
    precondition(status == Z_OK, "zlib \(String(cString: zlibVersion())) did not start: \(status)")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let wanted = min(buffer.count, Int(Int32.max))
    stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: Bytef.self)
    stream.pointee.avail_out = uInt(wanted)
    while stream.pointee.avail_out == uInt(wanted) {
      if stream.pointee.avail_in == 0, try !refill() {
        if isBetweenMembers { return 0 }
        throw DatasetError(
          .truncated, path: path, "the compressed data end too early: the file is cut off, get it again")
      }
      if isBetweenMembers { try beginMember() }
      if !isBetweenMembers { try inflateSome() }
    }
    return wanted - Int(stream.pointee.avail_out)
  }

  private func inflateSome() throws {
    switch inflate(stream, Z_NO_FLUSH) {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END: isBetweenMembers = true
    case let status:
      let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib status \(status)"
      throw DatasetError(
        .corruptGzip, path: path, "the compressed data are damaged (\(reason)): get the file again")
    }
  }

  private func beginMember() throws {
    // Tapes and block devices pad with zeros; gzip passes over them too.
    if stream.pointee.next_in.pointee == 0 { return try skipPadding() }
    // Only the first byte is looked at: the second may still be unread, and inflate checks both.
    guard stream.pointee.next_in.pointee == Self.magic[0] else {
      throw DatasetError(
        .trailingBytes, path: path, "expected the end after the compressed data, found more bytes")
    }
    inflateReset(stream)
    isBetweenMembers = false
  }

  /// Skips zeros up to the end of the file; anything else is refused.
  private func skipPadding() throws {
    repeat {
      let rest = UnsafeBufferPointer(start: stream.pointee.next_in, count: Int(stream.pointee.avail_in))
      guard rest.allSatisfy({ $0 == 0 }) else {
        throw DatasetError(
          .trailingBytes, path: path,
          "expected the end after the zeros that pad the compressed data, found more bytes")
      }
    } while try refill()
  }

  private func refill() throws -> Bool {
    let count = try file.read(into: input)
    stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: Bytef.self)
    stream.pointee.avail_in = uInt(count)
    return count > 0
  }
}
