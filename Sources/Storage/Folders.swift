import Foundation

/// Creates a folder and its parents.
///
/// - Throws: `FileError` with the system's own reason, which Foundation hides.
package func makeFolder(_ url: URL) throws {
  let path = url.path
  if path.withSystemPath({ mkdir($0, 0o777) }) == 0 { return }
  switch errno {
  case EEXIST where Files.isFolder(path): return
  case ENOENT where path != "/" && !Files.isTaken(path):
    try makeFolder(url.deletingLastPathComponent())
    // Another process may have created it in the meantime.
    if path.withSystemPath({ mkdir($0, 0o777) }) == 0 || Files.isFolder(path) { return }
    throw FileError(action: "make the folder", path: path, code: errno)
  case let code: throw FileError(action: "make the folder", path: path, code: code)
  }
}

/// An output folder is not empty.
public struct FolderNotEmpty: Error, Equatable, CustomStringConvertible {
  /// The folder.
  public let path: String
  /// Its contents, sorted.
  public let names: [String]

  /// One line: the folder, and some of its contents.
  public var description: String {
    "\(path) is not empty: it holds \(names.prefix(3).joined(separator: ", "))\(names.count > 3 ? ", …" : ""); choose "
      + "another folder"
  }
}

/// Checks that a folder is missing or empty.
///
/// - Throws: `FolderNotEmpty`, `FileError`.
package func requireEmptyFolder(_ url: URL) throws {
  guard Files.exists(url) else { return }
  guard Files.isFolder(url) else {
    throw FileError(action: "make the folder", path: url.path, code: EEXIST)
  }
  let names = try Files.names(in: url).filter { !TemporaryFile.isOne($0) }
  guard names.isEmpty else { throw FolderNotEmpty(path: url.path, names: names.sorted()) }
}

/// Creates a folder, or accepts an empty one.
///
/// - Throws: `FolderNotEmpty`, `FileError`.
package func makeEmptyFolder(_ url: URL) throws {
  try requireEmptyFolder(url)
  try makeFolder(url)
}

/// Removes a file, or a folder with its contents, if it exists. A lock file goes last, so that what an interrupted
/// removal leaves still shows whose it was.
///
/// - Throws: `FileError` naming the first that cannot be removed, with the system's own reason.
package func removeAll(_ url: URL) throws {
  let path = url.path
  var status = stat()
  if path.withSystemPath({ lstat($0, &status) }) == -1 {
    if errno == ENOENT { return }
    throw FileError(action: "remove", path: path, code: errno)
  }
  guard status.st_mode & S_IFMT == S_IFDIR else {
    try removing(path) { path.withSystemPath { unlink($0) } }
    return
  }
  let names = try Files.names(in: url).sorted()
  for name in names.filter({ $0 != FolderLock.name }) + names.filter({ $0 == FolderLock.name }) {
    try removeAll(url.appendingPathComponent(name))
  }
  try removing(path) { path.withSystemPath { rmdir($0) } }
}

/// Another process may have removed it in the meantime.
private func removing(_ path: String, _ call: () -> Int32) throws {
  do {
    try checkedCall("remove", path, call)
  } catch let error as FileError where error.code == ENOENT {}
}

extension FileError {
  /// A `FileError` from a Foundation error.
  package init(action: String, path: String, _ error: any Error) {
    let facts = error as NSError
    let inner = facts.userInfo[NSUnderlyingErrorKey] as? NSError
    let codes = [inner, facts].compactMap { $0 }.filter { $0.domain == NSPOSIXErrorDomain }.map(\.code)
    let known: Int32 =
      switch CocoaError.Code(rawValue: facts.code) {
      case .fileNoSuchFile, .fileReadNoSuchFile: ENOENT
      case .fileWriteFileExists: EEXIST
      case .fileWriteOutOfSpace: ENOSPC
      case .fileWriteVolumeReadOnly: EROFS
      case .fileReadNoPermission, .fileWriteNoPermission: EACCES
      default: EIO
      }
    self.init(action: action, path: path, code: codes.first.map { Int32($0) } ?? known)
  }
}
