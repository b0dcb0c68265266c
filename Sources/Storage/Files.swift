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

  /// What a name in a folder is; links are not followed.
  package enum EntryKind: Sendable {
    case file, folder, link, other
  }

  /// The names in a folder except `.` and `..`, unordered.
  ///
  /// - Throws: `FileError`.
  package static func names(in url: URL) throws -> [String] { try list(url) { name, _ in name } }

  /// The names in a folder except `.` and `..`, with what they are, unordered.
  ///
  /// - Throws: `FileError`.
  package static func entries(in url: URL) throws -> [(name: String, kind: EntryKind)] {
    let path = url.path
    return try list(url) { name, type in
      switch Int(type) {
      case Int(DT_REG): return (name, .file)
      case Int(DT_DIR): return (name, .folder)
      case Int(DT_LNK): return (name, .link)
      case Int(DT_UNKNOWN):
        var status = stat()
        guard "\(path)/\(name)".withSystemPath({ lstat($0, &status) }) == 0 else { return (name, .other) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return (name, .file)
        case S_IFDIR: return (name, .folder)
        case S_IFLNK: return (name, .link)
        default: return (name, .other)
        }
      default: return (name, .other)
      }
    }
  }

  private static func list<Entry>(_ url: URL, _ entry: (String, UInt8) -> Entry) throws -> [Entry] {
    guard let folder = url.path.withSystemPath({ opendir($0) }) else {
      throw FileError(action: "read", path: url.path, code: errno)
    }
    defer { closedir(folder) }
    var entries: [Entry] = []
    while true {
      errno = 0
      guard let found = readdir(folder) else {
        if errno != 0 { throw FileError(action: "read", path: url.path, code: errno) }
        return entries
      }
      let name = withUnsafeBytes(of: &found.pointee.d_name) { SystemPath.text($0.prefix { $0 != 0 }) }
      if name != ".", name != ".." { entries.append(entry(name, found.pointee.d_type)) }
    }
  }
}
