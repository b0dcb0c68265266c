import Dispatch
import Models
import Storage
import Synchronization

/// Hashes the state after traced steps, on a separate thread.
final class TraceRecorder: Sendable {
  private let plan: TracePlan
  private let take: @Sendable (TracedStep) throws -> Void
  private let queue = DispatchQueue(label: "facsimile.trace")
  private let failure = Mutex<(any Error)?>(nil)

  /// Passes every traced step to `take`, in order, on that thread.
  init(_ plan: TracePlan, _ take: @escaping @Sendable (TracedStep) throws -> Void) {
    (self.plan, self.take) = (plan, take)
  }

  /// Copies the state of `model` after `step` steps of `epoch`, if it is to be traced, and hashes it later. At most one
  /// copy waits.
  ///
  /// - Throws: the backend's error, or an error of an earlier step.
  func record(_ model: PreparedModel, epoch: Int, step: Int) throws {
    guard plan.isTraced(step) else { return }
    let arenas = try model.arenas()
    try wait()
    queue.async { [self] in
      do {
        try take(TracedStep(epoch: epoch, step: step, plan.table.state(arenas, plan.optimizer)))
      } catch {
        failure.withLock { $0 = error }
      }
    }
  }

  /// Waits until every step is hashed.
  ///
  /// - Throws: what `take` threw first.
  func wait() throws {
    queue.sync {}
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
