import Foundation
import Synchronization

/// A temporary file, `.facsimile-UUID.tmp`, locked for as long as its descriptor is open, so that a process that
/// finds one without a lock knows that its owner is gone.
package struct TemporaryFile {
  /// The path.
  let path: String
  /// Open for writing; the caller closes it.
  let descriptor: Int32

  private static let (prefix, suffix) = (".facsimile-", ".tmp")

  /// Creates an empty one.
  ///
  /// - Parameter target: the path that errors name.
  /// - Throws: `FileError`.
  init(in folder: String, for target: String) throws {
    while true {
      // The name does not contain the target's: that one may already be as long as the file system allows.
      let path = "\(folder)/\(Self.prefix)\(UUID().uuidString)\(Self.suffix)"
      let descriptor = try checkedCall("write", target) {
        path.withSystemPath { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
      }
      // Another process may sweep between the two calls: then try again.
      let isTaken = flock(descriptor, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK
      var status = stat()
      if !isTaken, fstat(descriptor, &status) == 0, status.st_nlink > 0 {
        (self.path, self.descriptor) = (path, descriptor)
        return
      }
      close(descriptor)
    }
  }

  /// Whether a file of this name is a temporary one.
  package static func isOne(_ name: String) -> Bool { name.hasPrefix(prefix) && name.hasSuffix(suffix) }

  /// Removes what killed processes have left in `folder`.
  package static func sweep(_ folder: String) {
    for name in (try? Files.names(in: URL(systemPath: folder))) ?? [] where isOne(name) {
      let path = "\(folder)/\(name)"
      guard let descriptor = try? openPlainFile(path).descriptor else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { _ = path.withSystemPath { unlink($0) } }
      close(descriptor)
    }
  }

  private static let swept = Mutex<Set<String>>([])

  /// The same, once for every folder that this process writes to.
  static func sweepOnce(_ folder: String) {
    if swept.withLock({ $0.insert(folder).inserted }) { sweep(folder) }
  }
}
