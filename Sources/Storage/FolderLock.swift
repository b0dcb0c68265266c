import Foundation

/// The exclusive use of a run folder, held for as long as this object lives.
///
/// The lock is an advisory `flock` on `FOLDER/.lock`, so the system gives it back even when the process is
/// killed, and the file that stays behind means nothing by itself. Swift may end an object's life after its
/// last use: keep it in a stored property, or wrap the work in `withExtendedLifetime`.
package final class FolderLock: Sendable {
  /// The locked folder.
  package let folder: URL
  private let descriptor: Int32

  /// Takes the lock, without waiting for it.
  ///
  /// - Parameter folder: an existing folder.
  /// - Throws: `FolderInUse` when another process, or another lock in this one, holds it; `FileError` when the
  ///   lock file cannot be opened or the file system has no locks.
  package init(folder: URL) throws {
    let path = folder.appendingPathComponent(".lock").path
    let descriptor = try checkedCall("open", path) { open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666) }
    do {
      try checkedCall("lock", path) { flock(descriptor, LOCK_EX | LOCK_NB) }
      try Self.record(getpid(), in: descriptor, path: path)
    } catch {
      let holder = Self.holder(recordedIn: descriptor)
      release(descriptor)
      if let error = error as? FileError, error.action == "lock", error.code == EWOULDBLOCK {
        throw FolderInUse(folder: folder.path, process: holder)
      }
      throw error
    }
    self.folder = folder
    self.descriptor = descriptor
  }

  deinit {
    // The file stays: removing it would let two processes lock two different files of the same name.
    release(descriptor)
  }

  private static func record(_ process: Int32, in descriptor: Int32, path: String) throws {
    let line = Array("\(process)\n".utf8)
    try checkedCall("truncate", path) { ftruncate(descriptor, 0) }
    try checkedCall("write", path) { pwrite(descriptor, line, line.count, 0) }
  }

  private static func holder(recordedIn descriptor: Int32) -> Int32? {
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    guard count > 0 else { return nil }
    let text = String(decoding: bytes.prefix(count), as: UTF8.self)
    return Int32(text.trimmingCharacters(in: .whitespacesAndNewlines))
  }
}

/// Closing alone would leave the lock to a child that this process is just starting, which has a copy of every
/// descriptor until it becomes another program.
private func release(_ descriptor: Int32) {
  flock(descriptor, LOCK_UN)
  close(descriptor)
}

/// A run folder that is already locked.
public struct FolderInUse: Error, Equatable, CustomStringConvertible {
  /// The folder that was asked for.
  public let folder: String
  /// The process that holds it, where it has written its number.
  public let process: Int32?

  /// One line: which folder, who holds it, what to do.
  public var description: String {
    let holder = process.map { "process \($0)" } ?? "another process"
    return "run folder \(folder) is in use by \(holder): wait until that ends, or choose another folder"
  }
}
