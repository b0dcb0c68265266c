import CSystem
import Synchronization

/// A wish to stop, made by someone else: training finishes its step, writes a checkpoint and returns.
package final class StopSignal: Sendable {
  private let flag = Atomic(false)
  private let heedsInterrupts: Bool

  /// Nobody wishes to stop yet.
  package convenience init() { self.init(heedsInterrupts: false) }

  private init(heedsInterrupts: Bool) { self.heedsInterrupts = heedsInterrupts }

  /// Asks to stop.
  package func stop() { flag.store(true, ordering: .relaxed) }

  /// Whether someone asked.
  package var isStopped: Bool {
    flag.load(ordering: .relaxed) || heedsInterrupts && facsimile_was_interrupted()
  }

  /// The signal that Ctrl-C (SIGINT), SIGTERM and SIGHUP give from now on, with a word on standard error. A second one
  /// ends the process at once.
  package static func onInterrupt() -> StopSignal {
    // No Swift runs in the handler.
    facsimile_note_interrupts()
    return StopSignal(heedsInterrupts: true)
  }
}
