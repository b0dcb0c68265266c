import Foundation
import Storage

/// Finds the holder of a lock on a file.
enum LockHolder {
  /// `process 123 (python3)`, of the first other process that holds a lock on one of the files; nil if none is known.
  static func ofFiles(_ paths: [String]) -> String? {
    let inodes = Set(
      paths.compactMap { path -> UInt64? in
        var status = stat()
        return path.withSystemPath({ stat($0, &status) }) == 0 ? UInt64(status.st_ino) : nil
      })
    let holders = HeldLocks().locks.filter { inodes.contains($0.inode) && $0.process != getpid() }
    guard let holder = holders.first(where: \.isWriter) ?? holders.first else { return nil }
    let name = (try? String(contentsOfFile: "/proc/\(holder.process)/comm", encoding: .utf8))?
      .trimmingCharacters(in: .whitespacesAndNewlines)
    return "process \(holder.process)" + (name.map { " (\($0))" } ?? "")
  }
}
