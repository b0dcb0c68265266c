import CPUBackend
import Foundation
import Synchronization

/// What several threads of this processor reach at once, as clock rate and other load allow.
enum Peak {
  /// Fused multiply-adds of `threads` threads together, in FLOPs per second.
  static func measure(threads: Int) -> Double { sum(threads) { CPUBackend.measurePeak() } }

  /// Bytes per second, read and written, of `threads` threads that move `bytes` bytes in place, again and again: from the
  /// caches that hold as much.
  static func moving(bytes: Int, threads: Int) -> Double {
    let (step, size) = (64, max(bytes / threads, 128))
    return sum(threads) {
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: step)
      defer { memory.deallocate() }
      memory.initializeMemory(as: UInt8.self, repeating: 1)
      let (to, from) = (memory.baseAddress!, memory.baseAddress! + step)
      let moves = max(1, (1 << 22) / size)
      var best = Double.infinity
      for _ in 0..<8 {
        let began = ContinuousClock.now
        for _ in 0..<moves { memmove(to, from, size - step) }
        best = min(best, began.duration(to: .now) / .seconds(1))
      }
      return Double(2 * (size - step) * moves) / best
    }
  }

  private static func sum(_ threads: Int, _ measure: @Sendable () -> Double) -> Double {
    let sum = Mutex(0.0)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      let rate = measure()
      sum.withLock { $0 += rate }
    }
    return sum.withLock { $0 }
  }
}
