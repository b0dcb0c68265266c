import Models

/// Training progress.
public struct TrainingProgress: Sendable {
  /// Current epoch, from 1.
  public let epoch: Int
  /// Total number of epochs.
  public let epochs: Int
  /// Completed steps of this epoch.
  public let step: Int
  /// Steps of an epoch.
  public let steps: Int
  /// Loss of the last step.
  public let loss: Double
  /// Images per second since the epoch was started or resumed.
  public let imagesPerSecond: Double
  /// Estimated seconds to the end of the last epoch.
  public let remainingSeconds: Double
}

/// An event during training.
public enum TrainingEvent: Sendable {
  /// Progress within an epoch, a few times per second.
  case progress(TrainingProgress)
  /// An epoch is completed. `isBest`: its loss is the lowest so far.
  case epoch(EpochRecord, isBest: Bool)
  /// A new phase with another set of layers.
  case phase(TrainingPhases.Phase)
  /// Training has ended or was stopped; the last event.
  case finished(TrainingOutcome)
}

/// Why training returned.
public enum TrainingOutcome: Sendable, Hashable {
  /// All epochs are completed.
  case finished
  /// The requested epoch is completed, and there are more.
  case reached
  /// Patience ran out.
  case stoppedEarly
  /// It was stopped; a checkpoint was written if there is a folder.
  case interrupted
}
