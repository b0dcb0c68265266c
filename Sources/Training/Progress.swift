import Models

/// How far training is.
public struct TrainingProgress: Sendable {
  /// Epoch that runs, from 1.
  public let epoch: Int
  /// Epochs in all.
  public let epochs: Int
  /// Steps of this epoch that are done.
  public let step: Int
  /// Steps of an epoch.
  public let steps: Int
  /// Loss of the step done last.
  public let loss: Double
  /// Images a second since the epoch began (or went on).
  public let imagesPerSecond: Double
  /// Seconds to the end of the last epoch at this rate.
  public let remainingSeconds: Double
}

/// Something that happened while training.
public enum TrainingEvent: Sendable {
  /// Some steps are done; a few times a second.
  case progress(TrainingProgress)
  /// An epoch is done. `isBest`: no loss so far was lower.
  case epoch(EpochRecord, isBest: Bool)
  /// Another set of layers trains from here on.
  case phase(TrainingPhases.Phase)
  /// Training came to its end, or to where it was asked to stop; the last event.
  case finished(TrainingOutcome)
}

/// Why training came back.
public enum TrainingOutcome: Sendable, Hashable {
  /// All epochs are done.
  case finished
  /// The last epoch asked for is done, and there are more.
  case reached
  /// Patience ran out.
  case stoppedEarly
  /// It was asked to stop; with a folder a checkpoint was written.
  case interrupted
}
