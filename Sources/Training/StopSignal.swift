import CSystem
import Synchronization

/// A request to stop: training finishes its step, writes a checkpoint and returns.
package final class StopSignal: Sendable {
  private let flag = Atomic(false)
  private let heedsInterrupts: Bool
  private let leader: StopSignal?

  /// A signal that nobody has stopped yet.
  package convenience init() { self.init(heedsInterrupts: false) }

  /// A signal that is stopped together with `leader`, or separately.
  package convenience init(following leader: StopSignal) {
    self.init(heedsInterrupts: false, leader: leader)
  }

  private init(heedsInterrupts: Bool, leader: StopSignal? = nil) {
    (self.heedsInterrupts, self.leader) = (heedsInterrupts, leader)
  }

  /// Requests a stop.
  package func stop() { flag.store(true, ordering: .relaxed) }

  /// Whether a stop was requested.
  package var isStopped: Bool {
    flag.load(ordering: .relaxed) || heedsInterrupts && facsimile_was_interrupted()
      || leader?.isStopped == true
  }

  /// A stop signal triggered by Ctrl-C (SIGINT), SIGTERM and SIGHUP, with a message on standard error. A second one
  /// ends the process at once.
  package static func onInterrupt() -> StopSignal {
    // The handler runs no Swift code.
    facsimile_note_interrupts()
    return StopSignal(heedsInterrupts: true)
  }
}
