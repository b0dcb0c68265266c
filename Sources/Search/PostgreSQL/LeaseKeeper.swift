import Foundation

/// A thread that renews leases for as long as a search trains.
final class LeaseKeeper: Sendable {
  private let condition = NSCondition()
  nonisolated(unsafe) private var isOver = false

  /// Calls `renew` every `seconds` seconds.
  init(every seconds: Double, _ renew: @escaping @Sendable () -> Void) {
    Thread { [self] in
      while wait(seconds) { renew() }
    }.start()
  }

  /// Ends it, without waiting for a renewal in progress.
  func stop() {
    condition.withLock {
      isOver = true
      condition.signal()
    }
  }

  /// Waits; false if it was stopped.
  private func wait(_ seconds: Double) -> Bool {
    condition.withLock {
      let end = Date(timeIntervalSinceNow: seconds)
      while !isOver, condition.wait(until: end) {}
      return !isOver
    }
  }
}
