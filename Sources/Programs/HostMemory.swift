import Foundation

/// A program needs more memory than is available.
package struct NotEnoughMemory: Error, CustomStringConvertible, Hashable, Sendable {
  /// Bytes that are needed.
  package let needed: Int
  /// One line: what needs how much, how much is available, and what helps.
  package let description: String

  /// - Parameters:
  ///   - what: what needs it.
  ///   - needed: bytes.
  ///   - there: how much is available and where, as the continuation of a sentence after a comma.
  package init(_ what: String, needed: Int, _ there: String) {
    self.needed = needed
    description =
      "\(what) needs \(needed) bytes, \(there): choose a smaller batch-size, smaller filters and hidden, or fewer images"
  }
}

/// The memory that this process can still get.
///
/// Checked before any large allocation: Linux overcommits memory and kills processes that use it, and if a process limit
/// is reached, Swift's allocations abort.
package enum HostMemory {
  /// Bytes left, and what sets the limit.
  package static var left: (bytes: Int, limit: String) {
    let limits = [machine, addressSpace, dataSegment, group]
    return limits.compactMap { $0 }.min { $0.0 < $1.0 } ?? (.max, "nothing")
  }

  /// - Throws: ``NotEnoughMemory`` if fewer than `bytes` bytes are left.
  package static func require(_ bytes: Int, for what: String) throws {
    let (left, limit) = left
    if bytes > left { throw NotEnoughMemory(what, needed: bytes, "and \(left) are left (\(limit))") }
  }

  /// Zeroed memory at a multiple of 64 bytes; `free` gives it back.
  ///
  /// - Throws: ``NotEnoughMemory``.
  package static func allocate(_ bytes: Int, for what: String) throws -> UnsafeMutableRawPointer {
    var pointer: UnsafeMutableRawPointer?
    guard posix_memalign(&pointer, 64, bytes) == 0, let pointer else {
      throw NotEnoughMemory(what, needed: bytes, "and the system has no more")
    }
    memset(pointer, 0, bytes)
    return pointer
  }

  private typealias Limit = (Int, String)

  /// Free memory, including reclaimable caches.
  private static var machine: Limit? {
    guard let text = text("/proc/meminfo") else { return nil }
    func kilobytes(_ name: String) -> Int? {
      text.split(separator: "\n").first { $0.hasPrefix(name + ":") }?.split(separator: " ").dropFirst().first
        .flatMap { Int($0) }
    }
    return kilobytes("MemAvailable").map {
      (1024 * ($0 + (kilobytes("SwapFree") ?? 0)), "memory of the machine")
    }
  }

  private static var addressSpace: Limit? {
    rest(of: Int32(RLIMIT_AS.rawValue), used: 0).map { ($0, "limit on the address space, ulimit -v") }
  }

  private static var dataSegment: Limit? {
    rest(of: Int32(RLIMIT_DATA.rawValue), used: 5).map { ($0, "limit on the data segment, ulimit -d") }
  }

  /// What is left of a process limit; `used`: index of the field in /proc/self/statm that counts against it.
  private static func rest(of resource: Int32, used: Int) -> Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(UInt32(resource)), &limit) == 0, limit.rlim_cur < UInt64(Int.max)
    else {
      return nil
    }
    let pages = text("/proc/self/statm")?.split(separator: " ").dropFirst(used).first.flatMap { Int($0) } ?? 0
    return max(0, Int(limit.rlim_cur) - pages * sysconf(Int32(_SC_PAGESIZE)))
  }

  private static var group: Limit? {
    ControlGroup().memoryLeft.map { ($0, "limit of the control group") }
  }

  private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
