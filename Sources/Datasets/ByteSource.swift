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

  /// Passes on the next `count` bytes in pieces, fewer only at the end; returns how many.
  func pass(_ count: Int, to body: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { piece.deallocate() }
    var passed = 0
    while passed < count {
      let wanted = UnsafeMutableRawBufferPointer(rebasing: piece[..<min(piece.count, count - passed)])
      let filled = try fill(wanted)
      if filled == 0 { break }
      try body(UnsafeRawBufferPointer(rebasing: wanted[..<filled]))
      passed += filled
    }
    return passed
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
  return magic == GzipBytes.magic ? GzipBytes(file) : file
}

/// The raw bytes of a file.
final class FileBytes: ByteSource, Sendable {
  let path: String
  let mostBytes: Int
  fileprivate let descriptor: Int32
  /// Its time of last change when it was opened.
  private let changed: [Int]

  init(_ url: URL) throws {
    path = url.path
    (descriptor, mostBytes) = try openPlainFile(path)
    changed = Self.changed(descriptor)
  }

  deinit {
    close(descriptor)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try checkedCall("read", path) { Foundation.read(descriptor, buffer.baseAddress, buffer.count) }
  }

  /// Reads the bytes starting at `offset`; may be called from any thread.
  ///
  /// - Throws: `FileError`; `DatasetError` if the file has been changed since it was opened.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    try read(at: CollectionOfOne(offset), buffer.count, into: buffer)
  }

  /// Reads `count` bytes at each of these offsets.
  func read(
    at offsets: some Sequence<Int>, _ count: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    for (place, offset) in offsets.enumerated() {
      var filled = 0
      while filled < count {
        let more = try checkedCall("read", path) {
          pread(
            descriptor, buffer.baseAddress! + place * count + filled, count - filled, offset + filled)
        }
        guard more > 0 else { throw hasChanged }
        filled += more
      }
    }
    guard Self.changed(descriptor) == changed else { throw hasChanged }
  }

  private var hasChanged: DatasetError {
    DatasetError(.truncated, path: path, "the file changed while it was in use")
  }

  private static func changed(_ descriptor: Int32) -> [Int] {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return [] }
    return [Int(status.st_size), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
  }
}
