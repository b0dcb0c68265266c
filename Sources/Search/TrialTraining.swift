import Datasets
import Foundation
import Models
import Programs
import Storage
import Training

/// Trains one trial on one device, up to its rung's epochs.
struct TrialTraining {
  let dataset: Dataset
  let backend: any Backend
  let stopSignal: StopSignal
  /// The other processes that train with this one; nil: none.
  var crew: Crew?

  /// Trains to the end of epoch `last`; nil for the configuration's own.
  ///
  /// A trial that has a checkpoint is resumed from it. The trial comes back as `done`, as `failed` with a reason, or
  /// as `waiting` if it was asked to stop.
  ///
  /// - Parameter note: called after every epoch with the trial and the epoch's record.
  /// - Throws: an error that concerns the whole search: files or storage that cannot be written.
  func run(
    _ trial: Trial, in folder: URL, through last: Int?, note: (Trial, EpochRecord) throws -> Void
  ) throws -> Trial {
    var trial = trial
    do {
      let trainer = try trainer(trial, in: folder)
      trainer.stopSignal = stopSignal
      trial.take(trainer)
      do {
        trial.state = try train(trainer, &trial, through: last, note) ? .done : .waiting
      } catch let error as TrainingError where error.kind == .notFinite {
        trial.state = .failed
        // The error names the run's folder, the manifest does not: storages elsewhere then have equal tables.
        trial.failure = trainer.manifest.failure ?? error.description
      }
    } catch {
      guard Self.isOfTheTrial(error) else { throw error }
      trial.state = .failed
      trial.failure = "\(error)"
    }
    return trial
  }

  /// Whether an error is caused by the trial's configuration. Any other (a full disk, a lost device) would affect
  /// other trials too: the search stops, and can be resumed once the cause is gone.
  private static func isOfTheTrial(_ error: any Error) -> Bool {
    if let error = error as? TrainingError { return error.kind != .run }
    return error is ConfigurationError || error is ProgramError || error is DatasetError
      || error is NotEnoughMemory
  }

  /// Trains epoch by epoch, storing each; false if it was stopped.
  private func train(
    _ trainer: Trainer, _ trial: inout Trial, through last: Int?, _ note: (Trial, EpochRecord) throws -> Void
  ) throws -> Bool {
    let last = min(last ?? .max, trainer.configuration.totalEpochs)
    while true {
      let before = trainer.epoch
      let outcome = try trainer.fit(through: min(before + 1, last))
      if trainer.epoch > before, let record = trainer.manifest.epochs.last {
        trial.take(trainer)
        try note(trial, record)
      }
      switch outcome {
      case .interrupted: return false
      case .finished, .stoppedEarly: return true
      case .reached where trainer.epoch >= last: return true
      case .reached: break
      }
    }
  }

  private func trainer(_ trial: Trial, in folder: URL) throws -> Trainer {
    try Trainer.goingOn(with: trial.settings, in: folder, dataset: dataset, backend: backend, crew: crew)
  }
}
