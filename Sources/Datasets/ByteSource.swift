import Foundation
import Storage

/// A stream of bytes.
protocol ByteSource: AnyObject {
  /// The source, for messages.
  var path: String { get }
  /// An upper bound for the number of bytes.
  var mostBytes: Int { get }
  /// Reads into the buffer; 0 means that the end has been reached and checked.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

extension ByteSource {
  /// Fills the buffer unless the stream ends, and returns the number of bytes.
  func fill(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// The next bytes, fewer than asked for only at the end.
  func next(_ count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = try fill(UnsafeMutableRawBufferPointer(buffer))
    }
  }
}

/// Opens a file, and decompresses it if its first two bytes are gzip's.
func openByteSource(_ url: URL) throws -> any ByteSource {
  let file = try FileBytes(url)
  var magic: [UInt8] = [0, 0]
  try checkedCall("read", file.path) { pread(file.descriptor, &magic, 2, 0) }
  return magic == GzipBytes.magic ? try GzipBytes(file) : file
}

/// The raw bytes of a file.
final class FileBytes: ByteSource {
  let path: String
  let mostBytes: Int
  fileprivate let descriptor: Int32

  init(_ url: URL) throws {
    path = url.path
    (descriptor, mostBytes) = try openPlainFile(path)
  }

  deinit {
    close(descriptor)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try checkedCall("read", path) { Foundation.read(descriptor, buffer.baseAddress, buffer.count) }
  }
}
