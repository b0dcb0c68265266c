import Foundation

/// File-system queries for paths with any bytes; see ``SystemPath``.
package enum Files {
  /// Whether a file or folder exists, following links.
  package static func exists(_ path: String) -> Bool { kind(path) != nil }
  /// Whether a file or folder exists, following links.
  package static func exists(_ url: URL) -> Bool { exists(url.path) }

  /// Whether the name is taken, even by a dangling link.
  package static func isTaken(_ path: String) -> Bool {
    var status = stat()
    return path.withSystemPath { lstat($0, &status) } == 0
  }

  /// The target of a dangling link; nil for anything else.
  package static func target(of path: String) -> String? {
    guard !exists(path) else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = bytes.withUnsafeMutableBytes { buffer in
      path.withSystemPath {
        readlink($0, buffer.baseAddress!.assumingMemoryBound(to: CChar.self), buffer.count)
      }
    }
    return count < 0 ? nil : SystemPath.text(bytes.prefix(count))
  }

  /// The path with links resolved; unchanged if nothing exists there.
  package static func resolved(_ url: URL) -> URL {
    guard let path = url.path.withSystemPath({ realpath($0, nil) }) else { return url }
    defer { free(path) }
    return URL(systemPath: SystemPath.text(cString: path))
  }

  /// Whether a folder exists, following links.
  package static func isFolder(_ path: String) -> Bool { kind(path) == S_IFDIR }
  /// Whether a folder exists, following links.
  package static func isFolder(_ url: URL) -> Bool { isFolder(url.path) }

  private static func kind(_ path: String) -> mode_t? {
    var status = stat()
    return path.withSystemPath { stat($0, &status) } == 0 ? status.st_mode & S_IFMT : nil
  }

  /// The names in a folder except `.` and `..`, unordered.
  ///
  /// - Throws: `FileError`.
  package static func names(in url: URL) throws -> [String] {
    guard let folder = url.path.withSystemPath({ opendir($0) }) else {
      throw FileError(action: "read", path: url.path, code: errno)
    }
    defer { closedir(folder) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(folder) else {
        if errno != 0 { throw FileError(action: "read", path: url.path, code: errno) }
        return names
      }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { SystemPath.text($0.prefix { $0 != 0 }) }
      if name != ".", name != ".." { names.append(name) }
    }
  }
}
