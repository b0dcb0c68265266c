import Foundation

/// Atomic file writes: a reader, or a crash, sees either the old or the new contents.
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
  /// - Throws: `FileError` naming the step that failed, the path and the system's reason; `NotAFile` if something
  ///   other than a plain file exists there, which is left unchanged.
  package static func write(_ data: Data, to url: URL) throws {
    try write(to: url) { append in try data.withUnsafeBytes(append) }
  }

  /// The same for contents written in pieces: `body` receives a function that appends one.
  ///
  /// - Throws: as ``write(_:to:)``, and what `body` throws.
  package static func write(
    to url: URL, _ body: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    try requireReplaceable(url.path)
    let folder = url.deletingLastPathComponent().path
    TemporaryFile.sweepOnce(folder)
    let temporary = try TemporaryFile(in: folder, for: url.path)
    do {
      do {
        try body { try writeAll($0, to: temporary.descriptor, path: url.path) }
        try checkedCall("flush", url.path) { fsync(temporary.descriptor) }
        // Closing releases the lock, so the file must have its final name by then.
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

  /// Gives a finished file in the same folder its name, as ``write(_:to:)`` does with its temporary one.
  ///
  /// - Throws: as ``write(_:to:)``.
  package static func move(_ finished: URL, to url: URL) throws {
    try requireReplaceable(url.path)
    let descriptor = try openPlainFile(finished.path).descriptor
    defer { close(descriptor) }
    try checkedCall("flush", finished.path) { fsync(descriptor) }
    try checkedCall("replace", url.path) {
      finished.path.withSystemPath { from in url.path.withSystemPath { rename(from, $0) } }
    }
    try flush(folder: url.deletingLastPathComponent().path)
  }

  /// Checks that a file can be written at `path`: nothing or a plain file exists there.
  ///
  /// - Throws: `NotAFile` for a folder, a device, a pipe or a socket, or a symbolic link to one.
  package static func requireReplaceable(_ path: String) throws {
    var status = stat()
    guard path.withSystemPath({ stat($0, &status) }) == 0 else { return }
    if let found = kindOfFile(status) { throw NotAFile(path: path, found: found) }
    // /dev/stdout may refer to a plain file, but the name belongs to the system.
    let place = URL(systemPath: path).standardizedFileURL.path
    if ["/dev/", "/proc/"].contains(where: place.hasPrefix), path.withSystemPath({ lstat($0, &status) }) == 0,
      status.st_mode & S_IFMT == S_IFLNK
    {
      throw NotAFile(path: path, found: "a name of the system's for an open file")
    }
  }

  private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      rest = rest.dropFirst(
        try checkedCall("write", path) { Foundation.write(descriptor, part.baseAddress, part.count) })
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
