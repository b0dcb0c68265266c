import Foundation
import Models
import Storage

/// The files of one run.
package final class RunFolder {
  /// The folder.
  package let url: URL
  private var lock: FolderLock?

  /// A run folder to read from; nothing is locked.
  ///
  /// - Throws: `TrainingError` where it is none.
  package init(reading url: URL) throws {
    self.url = url
    guard FileManager.default.fileExists(atPath: configurationFile.path) else {
      throw TrainingError(.run, "\(url.path) is no run folder: it has no config.yaml")
    }
  }

  /// A run folder to go on in; locked for as long as this object lives.
  ///
  /// - Throws: `TrainingError` where it is none, `FolderInUse`.
  package convenience init(resuming url: URL) throws {
    try self.init(reading: url)
    lock = try FolderLock(folder: url)
  }

  /// A new run folder, made with all folders above it; locked for as long as this object lives.
  ///
  /// - Throws: `TrainingError` where a run lies there already, `FolderInUse`.
  package init(creating url: URL) throws {
    self.url = url
    try requireNoRun()
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw TrainingError(
        .run, "cannot make the folder \(url.path): a file of that name, or no right to write there")
    }
    lock = try FolderLock(folder: url)
    // Once more: whoever held the lock until now may have begun a run.
    try requireNoRun()
  }

  private func requireNoRun() throws {
    guard FileManager.default.fileExists(atPath: configurationFile.path) else { return }
    throw TrainingError(
      .run,
      "\(url.path) holds a run already: go on with it, or choose another folder",
      remedy: .goOn(folder: url.path))
  }

  /// `config.yaml`.
  package var configurationFile: URL { url.appendingPathComponent("config.yaml") }
  /// `manifest.json`.
  package var manifestFile: URL { url.appendingPathComponent("manifest.json") }
  /// `metrics.csv`.
  package var metricsFile: URL { url.appendingPathComponent("metrics.csv") }
  /// `checkpoint.safetensors`.
  package var checkpointFile: URL { url.appendingPathComponent("checkpoint.safetensors") }
  /// `best.safetensors`: the weights of the best epoch.
  package var bestFile: URL { url.appendingPathComponent("best.safetensors") }
  /// `initial.safetensors`: the weights a transfer began with.
  package var initialFile: URL { url.appendingPathComponent("initial.safetensors") }

  /// `images/epoch-001.png`.
  package func pictureFile(epoch: Int) -> URL { url.appendingPathComponent("images/\(name(epoch)).png") }

  /// `checkpoints/epoch-001.safetensors`.
  package func keptCheckpointFile(epoch: Int) -> URL {
    url.appendingPathComponent("checkpoints/\(name(epoch)).safetensors")
  }

  private func name(_ epoch: Int) -> String { String(format: "epoch-%03d", epoch) }

  /// The configuration.
  ///
  /// - Parameter architecture: a custom model's layers.
  /// - Throws: `TrainingError` where the file does not hold one.
  package func configuration(architecture: Architecture? = nil) throws -> Configuration {
    let pairs = try ConfigurationFile.pairs(contentsOf: configurationFile)
    do {
      return try Configuration(pairs: pairs, architecture: architecture)
    } catch let error as ConfigurationError {
      throw TrainingError(.run, "\(configurationFile.path): \(error)")
    }
  }

  /// The manifest.
  ///
  /// - Parameter architecture: a custom model's layers.
  /// - Throws: `TrainingError` where there is none, or it is of other layers.
  package func manifest(architecture: Architecture? = nil) throws -> Manifest {
    let decoder = JSONDecoder()
    decoder.userInfo[.architecture] = architecture
    do {
      return try decoder.decode(Manifest.self, from: Data(contentsOf: manifestFile))
    } catch let error as ConfigurationError {
      throw TrainingError(.run, "\(manifestFile.path): \(error)")
    } catch {
      throw TrainingError(
        .run,
        "\(manifestFile.path) is missing or damaged: restore it, or begin a new run with the weights of this one"
      )
    }
  }

  /// The last checkpoint of which at most `epoch` epochs were done, among those kept; nil where there is none.
  ///
  /// - Parameters:
  ///   - epoch: the most epochs that may be done.
  ///   - architecture: a custom model's layers.
  /// - Throws: `TrainingError`, `SafeTensorsError`, `FileError` where one cannot be read.
  package func keptCheckpoint(atMost epoch: Int, architecture: Architecture? = nil) throws -> Checkpoint? {
    let kept = stride(from: epoch, to: 0, by: -1).lazy.map(keptCheckpointFile)
    return try kept.first { FileManager.default.fileExists(atPath: $0.path) }.map {
      try Checkpoint(contentsOf: $0, architecture: architecture)
    }
  }

  /// Writes `config.yaml`.
  func write(_ configuration: Configuration) throws {
    try AtomicFile.write(Data(ConfigurationFile.text(configuration).utf8), to: configurationFile)
  }

  /// Writes `manifest.json` and `metrics.csv`.
  func write(_ manifest: Manifest) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(try encoder.encode(manifest), to: manifestFile)
    try AtomicFile.write(Data(MetricsTable.csv(manifest.epochs).utf8), to: metricsFile)
  }

  /// Writes `checkpoint.safetensors`, and a copy where it is to be kept.
  func write(_ checkpoint: Checkpoint) throws {
    if checkpoint.step == 0, checkpoint.epoch > 0,
      checkpoint.configuration.keepCheckpoints.keeps(checkpoint.epoch)
    {
      let kept = keptCheckpointFile(epoch: checkpoint.epoch)
      try FileManager.default.createDirectory(
        at: kept.deletingLastPathComponent(), withIntermediateDirectories: true)
      try checkpoint.write(to: kept)
    }
    try checkpoint.write(to: checkpointFile)
  }
}

/// Epochs as comma-separated values.
enum MetricsTable {
  static func csv(_ epochs: [EpochRecord]) -> String {
    let train = Set(epochs.flatMap(\.trainMetrics.keys)).subtracting(["loss"]).sorted()
    let validation = Set(epochs.flatMap(\.validationMetrics.keys)).subtracting(["loss"]).sorted()
    let header =
      ["epoch", "train_loss", "validation_loss", "learning_rate", "seconds", "images_per_second"]
      + train.map { "train_\($0)" } + validation.map { "validation_\($0)" } + ["state_sha256"]
    let rows: [[String]] = epochs.map { epoch in
      func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
      var row = ["\(epoch.epoch)", text(epoch.trainLoss), text(epoch.validationLoss)]
      row += [text(epoch.learningRate), text(epoch.seconds), text(epoch.imagesPerSecond)]
      row += train.map { text(epoch.trainMetrics[$0]) }
      row += validation.map { text(epoch.validationMetrics[$0]) }
      return row + [epoch.stateSHA256]
    }
    return ([header] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
  }
}
