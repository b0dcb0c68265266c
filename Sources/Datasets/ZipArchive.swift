import Foundation

/// A ZIP archive of a single part, smaller than 4 GiB, from which single files are read.
///
/// Source: PKWARE's APPNOTE.TXT. Checksums are not compared: who needs that knows the hash of the archive.
struct ZipArchive {
  private let file: FileBytes
  private let entries: [Entry]

  private struct Entry {
    let path: String
    let method: Int
    let size: Int
    let header: Int
  }

  /// The longest directory to read, in bytes.
  private static let mostBytes = 1 << 24

  /// Opens an archive and reads its directory.
  ///
  /// - Throws: `DatasetError` if it has none; `FileError`, `NotAFile`.
  init(_ url: URL) throws {
    file = try FileBytes(url)
    entries = try Self.entries(file)
  }

  /// The unpacked bytes of the first file with this name, whatever its path in the archive.
  ///
  /// - Throws: `DatasetError` if there is none, or it is packed in another way than by deflate or not at all; `FileError`.
  func source(_ name: String) throws -> any ByteSource {
    guard let entry = entries.first(where: { $0.path.split(separator: "/").last.map(String.init) == name })
    else {
      throw Self.damaged(file, "it lacks \(name)")
    }
    let header = try Self.bytes(file, at: entry.header, 30)
    guard Self.number(header, 0, 4) == 0x0403_4b50 else {
      throw Self.damaged(file, "\(name) is not where the directory says")
    }
    let start = entry.header + 30 + Self.number(header, 26, 2) + Self.number(header, 28, 2)
    guard start + entry.size <= file.mostBytes else { throw Self.damaged(file, "it ends inside \(name)") }
    let part = PartBytes(file, start..<start + entry.size, path: "\(file.path):\(entry.path)")
    switch entry.method {
    case 0: return part
    case 8: return GzipBytes(part, .deflate)
    default: throw Self.damaged(file, "\(name) is packed by method \(entry.method), which is not known here")
    }
  }

  private static func entries(_ file: FileBytes) throws -> [Entry] {
    // The record at the end comes before a comment of at most 65,535 bytes.
    let tail = min(file.mostBytes, 22 + 0xffff)
    let end = try bytes(file, at: file.mostBytes - tail, tail)
    let place = stride(from: tail - 22, through: 0, by: -1).first {
      number(end, $0, 4) == 0x0605_4b50 && $0 + 22 + number(end, $0 + 20, 2) == tail
    }
    guard let place else { throw damaged(file, "it has no directory at its end") }
    let (size, start) = (number(end, place + 12, 4), number(end, place + 16, 4))
    guard size <= mostBytes, start + size <= file.mostBytes else {
      throw damaged(file, "its directory is outside of it")
    }
    let directory = try bytes(file, at: start, size)
    var entries: [Entry] = []
    var at = 0
    while at + 46 <= size, number(directory, at, 4) == 0x0201_4b50 {
      let name = number(directory, at + 28, 2)
      let next = at + 46 + name + number(directory, at + 30, 2) + number(directory, at + 32, 2)
      guard next <= size else { break }
      entries.append(
        Entry(
          path: String(decoding: directory[at + 46..<at + 46 + name], as: UTF8.self),
          method: number(directory, at + 10, 2), size: number(directory, at + 20, 4),
          header: number(directory, at + 42, 4)))
      at = next
    }
    guard entries.count == number(end, place + 10, 2) else { throw damaged(file, "its directory is cut off") }
    return entries
  }

  /// `count` bytes from `offset` on.
  private static func bytes(_ file: FileBytes, at offset: Int, _ count: Int) throws -> [UInt8] {
    guard offset >= 0, offset + count <= file.mostBytes else { throw damaged(file, "it ends too early") }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      if count > 0 { try file.read(at: offset, into: UnsafeMutableRawBufferPointer(buffer)) }
      initialized = count
    }
  }

  /// A little-endian number of `count` bytes.
  private static func number(_ bytes: [UInt8], _ place: Int, _ count: Int) -> Int {
    (0..<count).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
  }

  private static func damaged(_ file: FileBytes, _ what: String) -> DatasetError {
    DatasetError(.truncated, path: file.path, "the archive is damaged: \(what)")
  }
}

/// A part of a file.
private final class PartBytes: ByteSource {
  let path: String
  let mostBytes: Int
  private let file: FileBytes
  private var rest: Range<Int>

  init(_ file: FileBytes, _ range: Range<Int>, path: String) {
    (self.file, rest, self.path, mostBytes) = (file, range, path, range.count)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = min(buffer.count, rest.count)
    if count > 0 {
      try file.read(at: rest.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
    }
    rest = rest.lowerBound + count..<rest.upperBound
    return count
  }
}
