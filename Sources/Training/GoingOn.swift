import Datasets
import Foundation
import Models
import Programs
import Storage

extension Trainer {
  /// A training of `configuration` in the folder `url`: resumed if one was stopped or killed there, or restarted, with
  /// the same bits, if there is none, an incomplete one, or one with another configuration.
  ///
  /// - Parameters:
  ///   - split: training and validation images; nil: split by the configuration.
  ///   - crew: the processes that train together with this one; nil: none.
  ///   - start: the initial state of a new run.
  /// - Throws: as `init`; the folder is unchanged if the device fails or another process holds it.
  package static func goingOn(
    with configuration: Configuration, in url: URL, dataset: Dataset, backend: any Backend,
    split: (train: [UInt32], validation: [UInt32])? = nil, crew: Crew? = nil,
    start: () throws -> Start = { .initial }
  ) throws -> Trainer {
    do {
      let resumed = try Trainer(
        resuming: RunFolder(resuming: url, patience: patience), dataset: dataset, backend: backend,
        split: split, crew: crew)
      // When a run starts, it takes the shape of images, the number of classes and the hash of given weights.
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
      start: start(), split: split, crew: crew)
  }

  /// Whether an error while resuming is caused by the files of the run's folder. After any other (a lost device, a
  /// folder in use) the checkpoint is still good and is kept.
  package static func isOfTheFiles(_ error: any Error) -> Bool {
    if let error = error as? FileError { return error.code == ENOENT }
    return error is TrainingError || error is ConfigurationError || error is SafeTensorsError
      || error is DecodingError || error is NotAFile || error is FileTooLarge
  }

  /// Seconds to wait for another process that holds the folder's lock, such as one that is about to exit.
  private static let patience = 20.0
}
