import Foundation

/// Writing a file so that a reader, or a crash, only ever sees the old contents or the new ones.
package enum AtomicFile {
  /// Replaces the file at `url`, or creates it.
  ///
  /// The bytes go to a temporary file in the same folder, which is flushed to the disk and then renamed over
  /// `url`; the folder is flushed last, so that the new name outlives a power cut. A symbolic link to a file, or to
  /// nothing, is replaced, not followed. The temporary file is removed when anything fails; those that a killed process
  /// left in the folder go too.
  ///
  /// - Parameters:
  ///   - data: the whole contents.
  ///   - url: where to put them; the folder must exist.
  /// - Throws: `FileError` naming the step that failed, the path and the system's reason; `NotAFile` where something
  ///   else than a file is there, which stays as it is.
  package static func write(_ data: Data, to url: URL) throws {
    try requireReplaceable(url.path)
    let folder = url.deletingLastPathComponent().path
    TemporaryFile.sweepOnce(folder)
    let temporary = try TemporaryFile(in: folder, for: url.path)
    do {
      do {
        try writeAll(data, to: temporary.descriptor, path: url.path)
        try checkedCall("flush", url.path) { fsync(temporary.descriptor) }
        // Its lock goes with the descriptor: the name must be the final one by then.
        try checkedCall("replace", url.path) {
          temporary.path.withSystemPath { from in url.path.withSystemPath { rename(from, $0) } }
        }
      } catch {
        _ = temporary.path.withSystemPath { unlink($0) }
        close(temporary.descriptor)
        throw error
      }
      // Not retried when interrupted: Linux has released the descriptor by then.
      if close(temporary.descriptor) == -1, errno != EINTR {
        throw FileError(action: "close", path: url.path, code: errno)
      }
    }
    try flush(folder: folder)
  }

  /// Looks whether a file can be put at `path`: nothing is there, or a file.
  ///
  /// - Throws: `NotAFile` for a folder, a device, a pipe or a socket, or a symbolic link to one.
  package static func requireReplaceable(_ path: String) throws {
    var status = stat()
    guard path.withSystemPath({ stat($0, &status) }) == 0 else { return }
    if let found = kindOfFile(status) { throw NotAFile(path: path, found: found) }
    // What /dev/stdout stands for may be a file, but the name is the system's.
    let place = URL(systemPath: path).standardizedFileURL.path
    if ["/dev/", "/proc/"].contains(where: place.hasPrefix), path.withSystemPath({ lstat($0, &status) }) == 0,
      status.st_mode & S_IFMT == S_IFLNK
    {
      throw NotAFile(path: path, found: "a name of the system's for an open file")
    }
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
    let descriptor = try checkedCall("open", folder) {
      folder.withSystemPath { open($0, O_RDONLY | O_CLOEXEC) }
    }
    defer { close(descriptor) }
    try checkedCall("flush", folder) { fsync(descriptor) }
  }
}
