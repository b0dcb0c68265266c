import Foundation
import Synchronization

/// A wish to stop, made by someone else: training finishes its step, writes a checkpoint and returns.
public final class StopSignal: Sendable {
  private let flag = Atomic(false)

  /// Nobody wishes to stop yet.
  public init() {}

  /// Asks to stop.
  public func stop() { flag.store(true, ordering: .relaxed) }

  /// Whether someone asked.
  public var isStopped: Bool { flag.load(ordering: .relaxed) }

  /// The signal that Ctrl-C (SIGINT) and SIGTERM give from now on. A second Ctrl-C ends the process at once.
  public static func onInterrupt() -> StopSignal {
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        // Only a flag may be touched here; from now on the signal does what it always did.
        StopSignal.interrupt.stop()
        signal(number, SIG_DFL)
      }
    }
    return interrupt
  }

  private static let interrupt = StopSignal()
}
