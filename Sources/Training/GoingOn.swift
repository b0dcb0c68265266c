import Datasets
import Foundation
import Models
import Programs
import Storage

extension Trainer {
  /// A training of `configuration` in the folder `url`: the rest of one that was stopped or killed there, or one from the
  /// start, which comes to the same bits, where there is none, half of one, or one of another configuration.
  ///
  /// - Parameters:
  ///   - split: which training images train and which are held back; nil: as the configuration says.
  ///   - start: what training begins with, where it begins.
  /// - Throws: as `init`; what lies in the folder stays where the device fails or another process holds it.
  package static func goingOn(
    with configuration: Configuration, in url: URL, dataset: Dataset, backend: any Backend,
    split: (train: [UInt32], validation: [UInt32])? = nil, start: () throws -> Start = { .initial }
  ) throws -> Trainer {
    do {
      let resumed = try Trainer(
        resuming: RunFolder(resuming: url, patience: patience), dataset: dataset, backend: backend,
        split: split)
      // A run takes the shape of images, the number of classes and the hash of the weights given as it begins.
      var expected = configuration
      try expected.take(dataset)
      if expected.initialWeights == nil { expected.initialWeights = resumed.configuration.initialWeights }
      if resumed.configuration == expected { return resumed }
    } catch {
      guard isOfTheFiles(error) else { throw error }
    }
    try removeAll(url)
    return try Trainer(
      configuration, dataset: dataset, backend: backend, folder: RunFolder(creating: url, patience: patience),
      start: start(), split: split)
  }

  /// Whether an error of going on comes of what lies in the run's folder. Any other (a device that is lost, a folder
  /// in use) says nothing against the checkpoint, which stays.
  static func isOfTheFiles(_ error: any Error) -> Bool {
    if let error = error as? FileError { return error.code == ENOENT }
    return error is TrainingError || error is ConfigurationError || error is SafeTensorsError
      || error is DecodingError || error is NotAFile || error is FileTooLarge
  }

  /// Seconds to wait for someone else who holds the folder: a backup, or a process that is just ending.
  private static let patience = 20.0
}
