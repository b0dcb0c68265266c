import Interchange
import Training

/// TensorBoard events of a running training; a failure to write them does not stop it.
final class TensorBoardEvents {
  private var log: EventLog?

  /// Resumes `log`.
  init(_ log: EventLog) { self.log = log }

  /// Appends an epoch; the first failure gives a warning and ends the log.
  func append(_ epoch: EpochRecord) {
    do {
      try log?.append(epoch)
    } catch {
      log = nil
      Console.warn(
        "TensorBoard events end before epoch \(epoch.epoch): \(error); 'facsimile export --format tensorboard' "
          + "writes all of them")
    }
  }
}
