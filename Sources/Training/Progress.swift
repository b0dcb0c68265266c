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
}

/// Hears of what happens while training, on the thread that trains.
public protocol ProgressReporter: AnyObject {
  /// Called for every event.
  func report(_ event: TrainingEvent)
}
