import Foundation
import Storage

/// A file that is being downloaded: `NAME.part`, locked against other processes that download it.
final class PartialFile {
  let url: URL
  /// Bytes received.
  private(set) var count = 0
  private var descriptor: Int32

  /// Opens what an earlier attempt left, or creates an empty file.
  ///
  /// - Throws: `FileError`; `NotAFile`; `FetchError` if another process is downloading it.
  init(for place: URL) throws {
    try AtomicFile.requireReplaceable(place.path)
    let path = place.path + ".part"
    url = URL(systemPath: path)
    try AtomicFile.requireReplaceable(path)
    // A link would put the bytes elsewhere.
    let flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    descriptor = try checkedCall("write", path) { path.withSystemPath { open($0, flags, 0o666) } }
    do {
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
        throw FetchError(description: "\(path): another process is downloading this file")
      }
      var status = stat()
      try checkedCall("inspect", path) { fstat(descriptor, &status) }
      count = Int(status.st_size)
    } catch {
      Foundation.close(descriptor)
      throw error
    }
  }

  /// Appends bytes.
  func append(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let written = try checkedCall("write", url.path) { write(descriptor, part.baseAddress, part.count) }
      rest = rest.dropFirst(written)
      count += written
    }
  }

  /// Empties the file.
  func clear() throws {
    try checkedCall("empty", url.path) { ftruncate(descriptor, 0) }
    count = 0
  }

  /// Releases the file, which may have another name by now, and removes it if it is empty.
  func close() {
    guard descriptor >= 0 else { return }
    if count == 0 { _ = url.path.withSystemPath { unlink($0) } }
    Foundation.close(descriptor)
    descriptor = -1
  }
}
