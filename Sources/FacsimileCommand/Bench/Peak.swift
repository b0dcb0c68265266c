import CPUBackend
import Foundation
import Synchronization

/// The peak of fused multiply-adds of several threads at once, as clock rate and other load allow.
enum Peak {
  /// FLOPs per second of `threads` threads together.
  static func measure(threads: Int) -> Double {
    let sum = Mutex(0.0)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      let flops = CPUBackend.measurePeak()
      sum.withLock { $0 += flops }
    }
    return sum.withLock { $0 }
  }
}
