import Foundation

/// Something that is no file where one is to be read.
public struct NotAFile: Error, Equatable, CustomStringConvertible {
  /// Where it lies.
  public let path: String
  /// What it is: `a folder`, `a pipe`, `a device`.
  public let found: String

  /// One line: the path, and what was found there.
  public var description: String { "\(path): expected a file, found \(found)" }
}

/// Opens a plain file for reading; never waits for the other end of a pipe.
///
/// - Returns: the descriptor, which the caller closes, and the file's size in bytes.
/// - Throws: `FileError`; `NotAFile` for a folder, a pipe, a socket or a device.
package func openPlainFile(_ path: String) throws -> (descriptor: Int32, size: Int) {
  let descriptor = try checkedCall("open", path) { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
  var status = stat()
  do {
    try checkedCall("inspect", path) { fstat(descriptor, &status) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return (descriptor, Int(status.st_size))
    case S_IFDIR: throw NotAFile(path: path, found: "a folder")
    case S_IFIFO: throw NotAFile(path: path, found: "a pipe")
    default: throw NotAFile(path: path, found: "a device")
    }
  } catch {
    close(descriptor)
    throw error
  }
}

/// The contents of a file, or its first bytes.
///
/// - Throws: `FileError` with the system's own reason, which Foundation's reading hides; `NotAFile`.
package func readFile(_ url: URL, atMost limit: Int = .max) throws -> Data {
  let path = url.path
  let descriptor = try openPlainFile(path).descriptor
  defer { close(descriptor) }
  var contents = Data()
  var part = [UInt8](repeating: 0, count: min(limit, 1 << 18))
  while contents.count < limit {
    let wanted = min(part.count, limit - contents.count)
    let count = try checkedCall("read", path) { read(descriptor, &part, wanted) }
    if count == 0 { break }
    contents.append(contentsOf: part[..<count])
  }
  return contents
}
