import Foundation

/// The values of a set of images: in memory, or left on disk in their file.
package struct ImageBytes: Sendable, Equatable {
  private enum Place {
    case memory([UInt8])
    case file(FileBytes, offset: Int)
  }

  private let place: Place
  /// Number of values.
  package let count: Int

  /// Values in memory.
  package init(_ bytes: [UInt8]) { (place, count) = (.memory(bytes), bytes.count) }

  /// `count` values of a plain file, starting at `offset`; read on demand.
  init(_ file: FileBytes, offset: Int, count: Int) {
    (place, self.count) = (.file(file, offset: offset), count)
  }

  /// Whether they are in memory.
  package var isInMemory: Bool { if case .memory = place { true } else { false } }

  /// Copies `size` values starting at each of these places, one after another.
  ///
  /// - Throws: `FileError`; `DatasetError` if the file has been changed since it was opened.
  func read(
    from places: some Collection<Int>, _ size: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    precondition(
      buffer.count == places.count * size && places.allSatisfy { $0 >= 0 && $0 + size <= count },
      "ImageBytes: \(buffer.count) for \(places.count) times \(size) of \(count)")
    switch place {
    case .memory(let bytes):
      bytes.withUnsafeBytes { all in
        for (index, first) in places.enumerated() {
          UnsafeMutableRawBufferPointer(rebasing: buffer[(index * size)...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: all[first..<first + size]))
        }
      }
    case .file(let file, let offset): try file.read(at: places.lazy.map { offset + $0 }, size, into: buffer)
    }
  }

  /// The values in `range`.
  ///
  /// - Throws: as ``read(from:_:into:)``.
  package func values(_ range: Range<Int>) throws -> [UInt8] {
    if case .memory(let bytes) = place { return Array(bytes[range]) }
    return try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      try read(
        from: CollectionOfOne(range.lowerBound), range.count, into: UnsafeMutableRawBufferPointer(buffer))
      count = range.count
    }
  }

  /// Passes on all values in pieces.
  ///
  /// - Throws: as ``read(from:_:into:)``, and what `body` throws.
  func pass(to body: (UnsafeRawBufferPointer) throws -> Void) throws {
    if case .memory(let bytes) = place { return try bytes.withUnsafeBytes(body) }
    for first in stride(from: 0, to: count, by: 1 << 20) {
      try values(first..<min(first + 1 << 20, count)).withUnsafeBytes(body)
    }
  }

  /// Whether the values are the same; those of a file that cannot be read are not.
  package static func == (one: ImageBytes, other: ImageBytes) -> Bool {
    guard one.count == other.count else { return false }
    if case .memory(let a) = one.place, case .memory(let b) = other.place { return a == b }
    return (try? one.values(0..<one.count) == other.values(0..<other.count)) ?? false
  }
}
