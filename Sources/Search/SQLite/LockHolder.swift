import Foundation
import Storage

/// Finds the holder of a lock on a file.
enum LockHolder {
  /// `process 123 (python3)`, of the first other process that holds a lock on one of the files; nil if none is known.
  static func ofFiles(_ paths: [String]) -> String? {
    let inodes = Set(
      paths.compactMap { path -> String? in
        var status = stat()
        return path.withSystemPath({ stat($0, &status) }) == 0 ? "\(status.st_ino)" : nil
      })
    guard let locks = try? String(contentsOfFile: "/proc/locks", encoding: .utf8) else { return nil }
    // 1: POSIX  ADVISORY  WRITE 123 fd:01:4711 120 120
    let holders = locks.split(separator: "\n").compactMap { line -> (isWriter: Bool, process: Int32)? in
      let words = line.split(separator: " ")
      guard words.count > 5, words[1] != "->", let process = Int32(words[4]), process > 0,
        process != getpid(),
        let inode = words[5].split(separator: ":").last, inodes.contains(String(inode))
      else { return nil }
      return (words[3] == "WRITE", process)
    }
    guard let holder = holders.first(where: \.isWriter) ?? holders.first else { return nil }
    let name = (try? String(contentsOfFile: "/proc/\(holder.process)/comm", encoding: .utf8))?
      .trimmingCharacters(in: .whitespacesAndNewlines)
    return "process \(holder.process)" + (name.map { " (\($0))" } ?? "")
  }
}
