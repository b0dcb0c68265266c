import Interchange
import Training

/// TensorBoard's events of a run under way: training does not end because they cannot be written.
final class TensorBoardEvents {
  private var log: EventLog?

  /// Resumes `log`.
  init(_ log: EventLog) { self.log = log }

  /// Appends an epoch; the first time that fails there is a warning, and nothing more is tried.
  func append(_ epoch: EpochRecord) {
    do {
      try log?.append(epoch)
    } catch {
      log = nil
      Console.warn(
        "TensorBoard's events end before epoch \(epoch.epoch): \(error); 'facsimile export --format tensorboard' "
          + "writes them again")
    }
  }
}
