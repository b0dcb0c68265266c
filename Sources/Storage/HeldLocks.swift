import Foundation

/// The advisory locks that processes of this machine hold, as `/proc/locks` lists them, without taking any.
///
/// Those of other machines, and of processes in other containers, are not in the list.
package struct HeldLocks: Sendable {
  /// A lock.
  package struct Lock: Sendable {
    /// Whether it excludes readers.
    package let isWriter: Bool
    /// The process that holds it.
    package let process: Int32
    /// The file's number in its file system.
    package let inode: UInt64
  }

  /// All that are known.
  package let locks: [Lock]
  private let inodes: Set<UInt64>

  /// Reads the list; empty if there is none.
  package init() {
    // 1: POSIX  ADVISORY  WRITE 123 fd:01:4711 120 120
    let text = (try? readFile(URL(fileURLWithPath: "/proc/locks"))).map {
      String(decoding: $0, as: UTF8.self)
    }
    locks = (text ?? "").split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count > 5, words[1] != "->", let process = Int32(words[4]), process > 0,
        let inode = words[5].split(separator: ":").last.flatMap({ UInt64($0) })
      else { return nil }
      return Lock(isWriter: words[3] == "WRITE", process: process, inode: inode)
    }
    inodes = Set(locks.filter(\.isWriter).map(\.inode))
  }

  /// Whether a process of this machine holds the ``FolderLock`` of a folder.
  package func hold(_ folder: URL) -> Bool {
    guard !inodes.isEmpty else { return false }
    var status = stat()
    let path = folder.appendingPathComponent(FolderLock.name).path
    return path.withSystemPath { lstat($0, &status) } == 0 && inodes.contains(UInt64(status.st_ino))
  }
}
