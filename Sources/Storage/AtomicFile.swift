import Foundation

/// Writing a file so that a reader, or a crash, only ever sees the old contents or the new ones.
package enum AtomicFile {
  /// Replaces the file at `url`, or creates it.
  ///
  /// The bytes go to a temporary file in the same folder, which is flushed to the disk and then renamed over
  /// `url`; the folder is flushed last, so that the new name outlives a power cut. A symbolic link at `url` is
  /// replaced, not followed. The temporary file is removed when anything fails.
  ///
  /// - Parameters:
  ///   - data: the whole contents.
  ///   - url: where to put them; the folder must exist.
  /// - Throws: `FileError` naming the step that failed, the path and the system's reason.
  package static func write(_ data: Data, to url: URL) throws {
    let folder = url.deletingLastPathComponent().path
    // The name does not contain the target's: that one may already be as long as the file system allows.
    let temporary = folder + "/.facsimile-\(UUID().uuidString).tmp"
    let descriptor = try checkedCall("write", url.path) {
      open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    }
    do {
      do {
        try writeAll(data, to: descriptor, path: url.path)
        try checkedCall("flush", url.path) { fsync(descriptor) }
      } catch {
        close(descriptor)
        throw error
      }
      // Not retried when interrupted: Linux has released the descriptor by then.
      if close(descriptor) == -1, errno != EINTR {
        throw FileError(action: "close", path: url.path, code: errno)
      }
      try checkedCall("replace", url.path) { rename(temporary, url.path) }
    } catch {
      unlink(temporary)
      throw error
    }
    try flush(folder: folder)
  }

  private static func writeAll(_ data: Data, to descriptor: Int32, path: String) throws {
    try data.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest)
        rest = rest.dropFirst(
          try checkedCall("write", path) { Foundation.write(descriptor, part.baseAddress, part.count) })
      }
    }
  }

  private static func flush(folder: String) throws {
    let descriptor = try checkedCall("open", folder) { open(folder, O_RDONLY | O_CLOEXEC) }
    defer { close(descriptor) }
    try checkedCall("flush", folder) { fsync(descriptor) }
  }
}
