import ArgumentParser
import Datasets
import Models
import Training

extension Split: ExpressibleByArgument {}

extension Dataset {
  /// The images of a split, and their indices; nil for all.
  ///
  /// Throws: `DatasetError` if the configuration leaves nothing to train on, `CommandFailure` if the
  /// split is empty.
  func images(
    of split: Split, _ configuration: Configuration
  ) throws -> (images: ImageSet, indices: [UInt32]?) {
    if split == .test { return (test, nil) }
    let data = try TrainingData(self, configuration)
    let indices = split == .train ? data.train : data.validation
    guard !indices.isEmpty else {
      throw CommandFailure("the run has no validation images (validation=0): choose --split train or test")
    }
    return (train, indices)
  }
}
