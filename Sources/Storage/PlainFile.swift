import Foundation

/// Something other than a plain file was found.
public struct NotAFile: Error, Equatable, CustomStringConvertible {
  /// The path.
  public let path: String
  /// What was found: `a folder`, `a pipe`, `a device`.
  public let found: String

  /// One line: the path, and what was found there.
  public var description: String { "\(path): expected a file, found \(found)" }
}

/// A dangling symbolic link.
public struct DanglingLink: Error, Equatable, CustomStringConvertible {
  /// The path of the link.
  public let path: String
  /// Its target.
  public let target: String

  package init(path: String, target: String) { (self.path, self.target) = (path, target) }

  /// One line: the link and its target.
  public var description: String {
    "\(path) is a link to \(target), which does not exist: is a disk not mounted?"
  }
}

/// Opens a plain file for reading; never waits for the other end of a pipe.
///
/// - Returns: the descriptor, which the caller closes, and the file's size in bytes.
/// - Throws: `FileError`; `DanglingLink`; `NotAFile` for a folder, a pipe, a socket or a device.
package func openPlainFile(_ path: String) throws -> (descriptor: Int32, size: Int) {
  let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
  let descriptor: Int32
  do {
    descriptor = try checkedCall("open", path) { path.withSystemPath { open($0, flags) } }
  } catch let error as FileError where error.code == ENOENT {
    // "No such file" would be confusing, since a listing shows the link.
    if let target = Files.target(of: path) { throw DanglingLink(path: path, target: target) }
    throw error
  }
  var status = stat()
  do {
    try checkedCall("inspect", path) { fstat(descriptor, &status) }
    if let found = kindOfFile(status) { throw NotAFile(path: path, found: found) }
    return (descriptor, Int(status.st_size))
  } catch {
    close(descriptor)
    throw error
  }
}

/// The kind of a file in words; nil for a plain file.
func kindOfFile(_ status: stat) -> String? {
  switch status.st_mode & S_IFMT {
  case S_IFREG: nil
  case S_IFDIR: "a folder"
  case S_IFIFO: "a pipe"
  case S_IFSOCK: "a socket"
  default: "a device"
  }
}

/// A file is larger than expected.
public struct FileTooLarge: Error, Equatable, CustomStringConvertible {
  /// The path.
  public let path: String
  /// The most bytes that are read.
  public let limit: Int

  /// One line: the path and the limit.
  public var description: String { "\(path): expected at most \(limit) bytes, found more" }
}

/// The contents of a file, or its first bytes.
///
/// - Throws: `FileError` with the system's own reason, which Foundation hides; `NotAFile`.
package func readFile(_ url: URL, atMost limit: Int = .max) throws -> Data {
  let descriptor = try openPlainFile(url.path).descriptor
  defer { close(descriptor) }
  return try readAll(descriptor, url.path, atMost: limit)
}

/// The contents of a file of at most `limit` bytes.
///
/// - Throws: `FileTooLarge` before anything is read; `FileError`, `NotAFile`.
package func readFile(_ url: URL, upTo limit: Int) throws -> Data {
  let (descriptor, size) = try openPlainFile(url.path)
  defer { close(descriptor) }
  guard size <= limit else { throw FileTooLarge(path: url.path, limit: limit) }
  // It may grow while it is read.
  return try readAll(descriptor, url.path, atMost: limit)
}

/// At most `limit` bytes of a file, pipe or terminal that the user named; waits for the other end of a pipe.
///
/// - Throws: `FileTooLarge`, `FileError`; `NotAFile` for a folder.
package func readInput(_ url: URL, upTo limit: Int) throws -> Data {
  let path = url.path
  let descriptor = try checkedCall("open", path) {
    path.withSystemPath { open($0, O_RDONLY | O_CLOEXEC | O_NOCTTY) }
  }
  defer { close(descriptor) }
  var status = stat()
  try checkedCall("inspect", path) { fstat(descriptor, &status) }
  if status.st_mode & S_IFMT == S_IFDIR { throw NotAFile(path: path, found: "a folder") }
  let data = try readAll(descriptor, path, atMost: limit + 1)
  guard data.count <= limit else { throw FileTooLarge(path: path, limit: limit) }
  return data
}

/// Up to `limit` bytes, to the end.
func readAll(_ descriptor: Int32, _ path: String, atMost limit: Int) throws -> Data {
  var contents = Data()
  var part = [UInt8](repeating: 0, count: min(limit, 1 << 18))
  while contents.count < limit {
    let wanted = min(part.count, limit - contents.count)
    let count = try checkedCall("read", path) { Foundation.read(descriptor, &part, wanted) }
    if count == 0 { break }
    contents.append(contentsOf: part[..<count])
  }
  return contents
}
