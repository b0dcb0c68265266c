import Foundation
import Storage

/// Bytes that come one piece after the other.
protocol ByteSource: AnyObject {
  /// What the bytes come from, for messages.
  var path: String { get }
  /// More bytes than this cannot come in all.
  var mostBytes: Int { get }
  /// Fills the front of the buffer; 0 says that the end has been reached and all checks of it have passed.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

extension ByteSource {
  /// Fills the buffer as far as the bytes go, and returns how many there were.
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

/// Opens a file, unpacking it where its first two bytes say gzip, whatever its name says.
func openByteSource(_ url: URL) throws -> any ByteSource {
  let file = try FileBytes(url)
  var magic: [UInt8] = [0, 0]
  try checkedCall("read", file.path) { pread(file.descriptor, &magic, 2, 0) }
  return magic == GzipBytes.magic ? try GzipBytes(file) : file
}

/// The bytes of a file as they lie on the disk.
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
