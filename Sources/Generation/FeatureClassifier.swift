import Datasets
import Foundation
import Models
import Programs
import Storage
import Training

/// The classifier whose features are used to compare images. It is trained by a fixed recipe, so that everyone gets the
/// same weights, bit for bit.
package struct FeatureClassifier: Sendable {
  package let weights: Weights
  /// SHA-256 of the weights.
  package let sha256: String
  /// Whether the hash matches the known one for the data; nil if none is known.
  package let isPinned: Bool

  /// The known hashes by data set.
  private static let pins = [
    "mnist": "a50772d994e92fc7cfd0bcb5b636944e48c965741b9edc1b197c0dcb17abdbde",
    "fashion-mnist": "1049c46284b9b1db98670e8c46a3ddae0ca966c38f28b71eb7396ef5d85a2e19",
  ]

  /// The recipe: filters 8, 16, 32, hidden 128, a code of 64 features; six epochs of all training images.
  package static var configuration: Configuration {
    var configuration = Configuration(withoutRecipe: .classifier)
    configuration.seed = 11
    configuration.filters = [8, 16, 32]
    configuration.hidden = [128]
    configuration.latent = 64
    configuration.dropout = 0.05
    configuration.learningRate = 0.003
    configuration.schedule = .cosine
    configuration.warmUp = 1
    configuration.epochs = 6
    configuration.validation = 0
    return configuration
  }

  /// The classifier for a data set: read from `folder` if it exists there, otherwise trained and saved.
  ///
  /// - Parameters:
  ///   - dataset: the images and their classes.
  ///   - backend: the device to train on, if necessary.
  ///   - folder: where classifiers are cached; nil: nowhere. Unreadable files are recreated; if writing fails, nothing
  ///     is cached.
  ///   - listener: called for training events.
  /// - Throws: `TrainingError` if the images have no classes, or the trained weights do not have the known hash;
  ///   `ConfigurationError`; the backend's error.
  package init(
    for dataset: Dataset, backend: any Backend, keptIn folder: URL?,
    listener: ((TrainingEvent) -> Void)? = nil
  ) throws {
    guard dataset.classCount > 1, dataset.train.labels != nil else {
      throw TrainingError(
        .data,
        "\(dataset.name) has no classes: samples are judged by the features of a classifier, which needs them"
      )
    }
    var configuration = Self.configuration
    try configuration.take(dataset)
    let pin = dataset.isVerified ? Self.pins[dataset.name] : nil
    let file = try folder?.appendingPathComponent(Self.name(configuration, dataset))
    if let file, let weights = Self.kept(file, configuration, pin: pin) {
      self.init(weights, pin)
      return
    }
    let trainer = try Trainer(configuration, dataset: dataset, backend: backend)
    trainer.listener = listener
    _ = try trainer.fit()
    let weights = Weights(configuration, try trainer.checkpoint().state, epoch: trainer.epoch)
    self.init(weights, pin)
    if let pin, pin != sha256 {
      throw TrainingError(
        .weights,
        "the classifier for \(dataset.name) has SHA-256 \(sha256), expected \(pin): this program or machine computes other "
          + "bits than it should")
    }
    if let file { Self.keep(weights, sha256, in: file) }
  }

  private init(_ weights: Weights, _ pin: String?) {
    self.weights = weights
    sha256 = weights.state.sha256
    isPinned = pin == sha256
  }

  /// `KEY.safetensors`, with a KEY made from data and recipe.
  private static func name(_ configuration: Configuration, _ dataset: Dataset) throws -> String {
    let key = try dataset.sha256 + configuration.json()
    return Fingerprint.hex(of: Array(key.utf8)) + ".safetensors"
  }

  private static let hashKey = "state-sha256"

  /// The weights in `file`; nil if they are missing or damaged.
  private static func kept(_ file: URL, _ configuration: Configuration, pin: String?) -> Weights? {
    guard Files.exists(file),
      let tensors = try? SafeTensors(contentsOf: file),
      let table = try? ParameterTable(configuration.architecture),
      let state = try? ModelState(tensors, table: table)
    else { return nil }
    let hash = state.sha256
    guard tensors.metadata[hashKey] == hash, pin == nil || pin == hash else { return nil }
    return Weights(configuration, state, epoch: configuration.epochs)
  }

  private static func keep(_ weights: Weights, _ hash: String, in file: URL) {
    guard var tensors = try? weights.file() else { return }
    tensors.metadata[hashKey] = hash
    try? makeFolder(file.deletingLastPathComponent())
    try? tensors.write(to: file)
  }
}
