import Foundation

/// The exclusive use of a run folder, held for as long as this object lives.
///
/// The lock is an advisory `flock` on `FOLDER/.lock`, so the system releases it even when the process is
/// killed, and a leftover file means nothing by itself. Swift may end an object's life after its
/// last use: keep it in a stored property, or wrap the work in `withExtendedLifetime`.
package final class FolderLock: Sendable {
  /// The locked folder.
  package let folder: URL
  private let descriptor: Int32

  /// The file's name.
  package static let name = ".lock"

  /// Takes the lock, and removes temporary files left in the folder by killed processes.
  ///
  /// - Parameters:
  ///   - folder: an existing folder.
  ///   - patience: seconds to wait for another holder.
  ///   - note: a word stored in the file after the process ID: see ``note(in:)``.
  /// - Throws: `FolderInUse` when another process, or another lock in this one, holds it; `FileError` when the
  ///   lock file cannot be opened or the file system has no locks; `NotAFile` if it is none.
  package init(folder: URL, patience: Double = 0, note: String? = nil) throws {
    let path = folder.appendingPathComponent(Self.name).path
    let descriptor = try checkedCall("open", path) {
      path.withSystemPath { open($0, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o666) }
    }
    do {
      var status = stat()
      try checkedCall("inspect", path) { fstat(descriptor, &status) }
      if let found = kindOfFile(status) { throw NotAFile(path: path, found: found) }
      try Self.take(descriptor, path, patience)
      do {
        try Self.record(note, in: descriptor, path: path)
      } catch {
        // Remove the file just created.
        if status.st_size == 0 { unlink(path) }
        throw error
      }
    } catch {
      let holder = Self.contents(descriptor).first.flatMap { Int32($0) }
      release(descriptor)
      if let error = error as? FileError, error.action == "lock", error.code == EWOULDBLOCK {
        throw FolderInUse(folder: folder.path, process: holder)
      }
      throw error
    }
    self.folder = folder
    self.descriptor = descriptor
    TemporaryFile.sweep(folder.path)
  }

  deinit {
    // The file stays: removing it would let two processes lock two different files of the same name.
    release(descriptor)
  }

  /// Replaces or removes the note.
  ///
  /// - Throws: `FileError`.
  package func renote(_ note: String?) throws {
    try Self.record(note, in: descriptor, path: folder.appendingPathComponent(Self.name).path)
  }

  /// The note of the last holder of the lock; nil if there is none.
  package static func note(in folder: URL) -> String? {
    guard let descriptor = try? openPlainFile(folder.appendingPathComponent(name).path).descriptor else {
      return nil
    }
    defer { close(descriptor) }
    return contents(descriptor).dropFirst().first
  }

  private static func take(_ descriptor: Int32, _ path: String, _ patience: Double) throws {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(patience)
    while true {
      do {
        try checkedCall("lock", path) { flock(descriptor, LOCK_EX | LOCK_NB) }
        return
      } catch let error as FileError where error.code == EWOULDBLOCK && clock.now < end {
        usleep(50_000)
      }
    }
  }

  private static func record(_ note: String?, in descriptor: Int32, path: String) throws {
    let line = Array("\(getpid())\n\(note.map { "\($0)\n" } ?? "")".utf8)
    try checkedCall("truncate", path) { ftruncate(descriptor, 0) }
    try checkedCall("write", path) { pwrite(descriptor, line, line.count, 0) }
  }

  /// The lines of the file.
  private static func contents(_ descriptor: Int32) -> [String] {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self).split(whereSeparator: \.isNewline)
      .map(String.init)
  }
}

/// Closing alone would leave the lock with a child that this process is just forking, which has a copy of every
/// descriptor until it calls exec.
private func release(_ descriptor: Int32) {
  flock(descriptor, LOCK_UN)
  close(descriptor)
}

/// A run folder that is already locked.
public struct FolderInUse: Error, Equatable, CustomStringConvertible {
  /// The folder that was asked for.
  public let folder: String
  /// The ID of the process that holds it, if known.
  public let process: Int32?

  /// One line: which folder, who holds it, what to do.
  public var description: String {
    let holder = process.map { "process \($0)" } ?? "another process"
    return "run folder \(folder) is in use by \(holder): wait until it ends, or choose another folder"
  }
}
