import Datasets
import Models
import Numerics
import Programs

/// Evaluates a configuration on every training image: the images are split into folds, and each fold in turn is held
/// out while a model trains on the others.
///
/// The configuration's `validation` is ignored here. Everything else applies, including `seed`: it determines
/// the folds as well as the training.
package struct CrossValidation: Sendable {
  /// The configuration to evaluate.
  package let configuration: Configuration
  /// The images.
  package let dataset: Dataset
  /// Indices of the images of every fold, ascending.
  package let folds: [[UInt32]]

  /// Splits the training images into folds whose sizes differ by at most one.
  ///
  /// Formula: the N images are sorted by (Philox word of stream `split`, index), as for any other split; fold f of K
  /// takes places ⌊f·N/K⌋ ..< ⌊(f+1)·N/K⌋.
  ///
  /// - Throws: `ConfigurationError` if there are fewer than two folds, or more than images.
  package init(_ configuration: Configuration, dataset: Dataset, folds count: Int) throws {
    let images = dataset.train.count
    guard count >= 2, count <= images else {
      throw ConfigurationError(
        "folds is \(count): expected a whole number from 2 to \(images), the number of training images")
    }
    self.configuration = configuration
    self.dataset = dataset
    let order = RandomStream.split.order(0..<UInt32(images), seed: configuration.seed)
    folds = (0..<count).map { order[$0 * images / count..<($0 + 1) * images / count].sorted() }
  }

  /// The training and validation images while `fold` (from 0) is held out.
  package func split(_ fold: Int) -> (train: [UInt32], validation: [UInt32]) {
    let others = folds.indices.filter { $0 != fold }.flatMap { folds[$0] }
    return (others.sorted(), folds[fold])
  }

  /// Trains and evaluates every fold, one after another.
  ///
  /// - Parameters:
  ///   - backend: the device.
  ///   - folder: where folds are saved and resumed; nil to save nothing.
  ///   - crew: the processes that train together with this one; nil: none.
  ///   - stopSignal: stops the training.
  ///   - listener: called for every training event.
  ///   - done: called for every completed fold.
  /// - Returns: the metrics; nil if it was stopped.
  /// - Throws: `TrainingError`, or the backend's error.
  package func run(
    on backend: any Backend, keptIn folder: CrossValidationFolder? = nil, crew: Crew? = nil,
    stopSignal: StopSignal = StopSignal(),
    listener: ((TrainingEvent) -> Void)? = nil,
    done: (Fold) -> Void
  ) throws -> Result? {
    var results: [Fold] = []
    for index in folds.indices {
      if let kept = folder?.folds.first(where: { $0.fold == index + 1 }) {
        results.append(kept)
        continue
      }
      let trainer =
        try folder.map {
          try Trainer.goingOn(
            with: configuration, in: $0.run(index + 1), dataset: dataset, backend: backend,
            split: split(index), crew: crew)
        } ?? Trainer(configuration, dataset: dataset, backend: backend, split: split(index), crew: crew)
      trainer.stopSignal = stopSignal
      trainer.listener = listener
      do {
        guard try trainer.fit() != .interrupted else { return nil }
      } catch let error as TrainingError {
        throw TrainingError(error.kind, "fold \(index + 1): \(error.description)")
      }
      let fold = Fold(index + 1, trainer)
      try folder?.keep(fold, trainer)
      results.append(fold)
      done(fold)
    }
    return Result(results)
  }
}

extension CrossValidation {
  /// The result of one fold.
  package struct Fold: Codable, Sendable, Equatable {
    /// From 1.
    package let fold: Int
    /// Number of training images.
    package let trainImages: Int
    /// Number of validation images.
    package let validationImages: Int
    /// Number of trained epochs.
    package let epochCount: Int
    /// Epoch of the lowest loss on the fold: the one whose weights a run keeps.
    package let bestEpoch: Int
    /// Means over the fold's images after that epoch: `loss`, `accuracy` and so on. The epoch was selected on the same
    /// fold, so they are slightly better than on unseen images.
    package let metrics: [String: Double]
    /// Hash of the state after the last epoch.
    package let stateSHA256: String
    /// Seconds of training.
    package let seconds: Double

    enum CodingKeys: String, CodingKey {
      case fold, metrics, seconds
      case epochCount = "epoch_count"
      case trainImages = "train_images"
      case validationImages = "validation_images"
      case bestEpoch = "best_epoch"
      case stateSHA256 = "state_sha256"
    }

    init(_ fold: Int, _ trainer: Trainer) {
      let records = trainer.manifest.epochs
      self.fold = fold
      trainImages = trainer.data.train.count
      validationImages = trainer.data.validation.count
      epochCount = trainer.epoch
      bestEpoch = trainer.stopping.bestEpoch
      metrics = records.first { $0.epoch == trainer.stopping.bestEpoch }?.validationMetrics ?? [:]
      stateSHA256 = records.last?.stateSHA256 ?? trainer.manifest.initialSHA256
      seconds = records.reduce(0) { $0 + $1.seconds }
    }
  }

  /// A metric over the folds.
  package struct Spread: Codable, Sendable, Equatable {
    package let mean: Double
    /// The sample standard deviation, with divisor K − 1.
    package let standardDeviation: Double

    enum CodingKeys: String, CodingKey {
      case mean
      case standardDeviation = "standard_deviation"
    }

    /// Mean and standard deviation of at least two values.
    package init(_ values: [Double]) {
      let mean = values.reduce(0, +) / Double(values.count)
      self.mean = mean
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      standardDeviation = (squares / Double(values.count - 1)).squareRoot()
    }
  }

  /// The results of all folds.
  package struct Result: Codable, Sendable, Equatable {
    /// Every fold.
    package let folds: [Fold]
    /// Every metric over the folds, by name.
    package let metrics: [String: Spread]

    init(_ folds: [Fold]) {
      self.folds = folds
      let names = folds.first.map { Array($0.metrics.keys) } ?? []
      let spreads = names.map { name in (name, Spread(folds.compactMap { $0.metrics[name] })) }
      metrics = Dictionary(uniqueKeysWithValues: spreads)
    }
  }
}
