import Foundation
import Models
import Numerics
import Programs
import Storage

/// Reading the files of a run. Each is checked against its hash and cross-checked with the others: a file of another
/// run, or an older version that was restored, is rejected.
extension RunFolder {
  /// The configuration.
  ///
  /// - Parameter architecture: a custom model's layers.
  /// - Throws: `TrainingError` if the file does not hold one.
  package func configuration(architecture: Architecture? = nil) throws -> Configuration {
    do {
      let pairs = try ConfigurationFile.pairs(ofRun: configurationFile)
      return try Configuration(pairs: pairs, architecture: architecture)
    } catch let error as ConfigurationError {
      let place = configurationFile.path + ": "
      throw TrainingError(
        .run, error.description.hasPrefix(place) ? error.description : place + error.description)
    }
  }

  /// The manifest.
  ///
  /// - Parameter architecture: a custom model's layers.
  /// - Throws: `TrainingError` if there is none, it is damaged, or it was made with other layers.
  package func manifest(architecture: Architecture? = nil) throws -> Manifest {
    let decoder = JSONDecoder()
    decoder.userInfo[.architecture] = architecture
    do {
      let text = try readFile(manifestFile, upTo: 1 << 28)
      var manifest = try decoder.decode(Manifest.self, from: text)
      if try manifest.isWhole() { return manifest }
    } catch let error as ConfigurationError {
      throw TrainingError(.run, "\(manifestFile.path): \(error)")
    } catch is DecodingError {
    } catch let error as FileError where error.code == ENOENT {
    } catch {
      throw TrainingError(.run, "\(error)")
    }
    throw TrainingError(
      .run,
      "\(manifestFile.path) is missing, damaged or of an earlier version: restore it, or begin a new run with the weights of "
        + "this one")
  }

  /// The manifest; nil for an imported run, which has none.
  ///
  /// - Throws: as ``manifest(architecture:)``.
  package func manifestIfAny(architecture: Architecture? = nil) throws -> Manifest? {
    let isThere = Files.exists(manifestFile)
    return isThere ? try manifest(architecture: architecture) : nil
  }

  /// Checks that `config.yaml` belongs to the run: it may differ from the manifest only in settings that can be
  /// changed, and must not have fewer epochs than are completed.
  ///
  /// - Throws: `TrainingError`.
  func require(_ configuration: Configuration, of manifest: Manifest) throws {
    let began = manifest.configuration.texts
    let changeable = manifest.configuration.changeable
    for (key, value) in configuration.pairs where !changeable.contains(key) && began[key] != value {
      throw TrainingError(
        .run,
        "\(configurationFile.path) says \(key) is \(value), but the run was begun with "
          + "\(began[key] ?? "another model"): only \(changeable.sorted().joined(separator: ", ")) may change"
      )
    }
    guard manifest.epochs.count <= configuration.totalEpochs else {
      throw TrainingError(
        .run,
        "\(configurationFile.path) says that the run has \(counted(configuration.totalEpochs, "epoch")), but "
          + "\(manifest.epochs.count) \(manifest.epochs.count == 1 ? "is" : "are") done: was an older file put back?"
      )
    }
  }

  /// Checks the files that people read and edit: the `config.yaml` of a finished run must be the one it was trained
  /// with, and `metrics.csv`, if present, must hold the epochs of the manifest.
  ///
  /// - Throws: `TrainingError`.
  func requireUnchanged(_ configuration: Configuration, since manifest: Manifest) throws {
    let trained = manifest.configuration.texts
    if manifest.state == .finished || manifest.state == .stoppedEarly,
      let (key, value) = configuration.pairs.first(where: { trained[$0.key] != $0.value })
    {
      throw TrainingError(
        .run,
        "\(configurationFile.path) says \(key) is \(value), but the run was trained with \(trained[key] ?? "–"): restore it, or "
          + "resume the run to apply the change", remedy: .goOn(folder: url.path))
    }
    guard Files.exists(metricsFile) else { return }
    let text: String
    do {
      text = String(decoding: try readFile(metricsFile, upTo: 1 << 28), as: UTF8.self)
    } catch {
      throw TrainingError(.run, "\(error)")
    }
    let expected = MetricsTable.csv(manifest.epochs)
    if text == expected { return }
    // The two files are written one after the other: a run that is training or was killed may be between them.
    if manifest.state == .running,
      manifest.epochs.isEmpty || text.hasPrefix(expected)
        || text == MetricsTable.csv(manifest.epochs.dropLast())
    {
      return
    }
    throw TrainingError(
      .run,
      "\(metricsFile.path) does not hold the epochs of manifest.json: one of them was changed or put back; resume the run, or "
        + "delete the table, which resuming writes again", remedy: .goOn(folder: url.path))
  }

  /// A checkpoint of the run.
  ///
  /// - Parameters:
  ///   - url: the file; nil for `checkpoint.safetensors`.
  ///   - manifest: the run's, which the checkpoint must match.
  ///   - configuration: the run's.
  /// - Throws: `TrainingError`, which for `checkpoint.safetensors` names an earlier intact one.
  func checkpoint(
    _ url: URL? = nil, of manifest: Manifest, _ configuration: Configuration,
    architecture: Architecture? = nil
  ) throws -> Checkpoint {
    let file = url ?? checkpointFile
    do {
      let limit = try largestCheckpoint(manifest, configuration)
      // Parsing numbers depends on the rounding mode of the calling thread.
      let checkpoint = try ArithmeticMode.standard {
        try Checkpoint(contentsOf: file, atMost: limit, architecture: architecture)
      }
      try checkpoint.require(of: manifest, file)
      if let difference = try configuration.difference(fromJSON: checkpoint.configuration.json()) {
        throw TrainingError(
          .run,
          "\(file.path) is of a run with \(difference.key)=\(difference.there ?? "–"), and this one has "
            + "\(difference.here)")
      }
      return checkpoint
    } catch {
      guard url == nil, Trainer.isOfTheFiles(error) else { throw error }
      guard let other = wholeCheckpoint(manifest, configuration, architecture) else { throw error }
      throw TrainingError(
        .run,
        "\(error); \(other.url.lastPathComponent), of epoch \(other.checkpoint.epoch)"
          + (other.checkpoint.step > 0 ? " and \(counted(other.checkpoint.step, "step"))" : "")
          + ", is intact, and training can resume from it",
        remedy: .goOnFrom(folder: self.url.path, checkpoint: other.url.path))
    }
  }

  /// The newest intact checkpoint of this run other than `checkpoint.safetensors`.
  private func wholeCheckpoint(
    _ manifest: Manifest, _ configuration: Configuration, _ architecture: Architecture?
  ) -> (url: URL, checkpoint: Checkpoint)? {
    let epochs = stride(from: manifest.epochs.count, to: 0, by: -1)
    let files = [previousFile] + epochs.map(keptCheckpointFile)
    return files.lazy.filter { Files.exists($0) }.compactMap { url in
      (try? self.checkpoint(url, of: manifest, configuration, architecture: architecture)).map { (url, $0) }
    }.first
  }

  /// An upper bound for the size of a checkpoint: state, plus a table row and losses per step of the current epoch.
  private func largestCheckpoint(_ manifest: Manifest, _ configuration: Configuration) throws -> Int {
    let steps = manifest.dataset.trainImages / configuration.batchSize + 1
    return try ParameterTable(configuration.architecture).fileBytes(
      copies: 1 + configuration.optimizer.stateNames.count) + steps * 4 * (StepTable.width + 64)
  }

  /// A checkpoint at the end of `epoch`, from any file that holds one; nil if none does.
  ///
  /// - Throws: `TrainingError`, `SafeTensorsError`, `FileError` if one cannot be read.
  package func checkpoint(after epoch: Int) throws -> Checkpoint? {
    for url in [checkpointFile, previousFile, keptCheckpointFile(epoch: epoch)] where Files.exists(url) {
      let checkpoint = try Checkpoint(contentsOf: url)
      if checkpoint.epoch == epoch, checkpoint.step == 0 { return checkpoint }
    }
    return nil
  }

  /// The last kept checkpoint with at most `epoch` completed epochs; nil if there is none.
  ///
  /// - Parameters:
  ///   - epoch: the maximum number of completed epochs.
  ///   - architecture: a custom model's layers.
  /// - Throws: `TrainingError`, `SafeTensorsError`, `FileError` if one cannot be read.
  package func keptCheckpoint(atMost epoch: Int, architecture: Architecture? = nil) throws -> Checkpoint? {
    let kept = stride(from: epoch, to: 0, by: -1).lazy.map(keptCheckpointFile)
    return try kept.first { Files.exists($0) }.map {
      try Checkpoint(contentsOf: $0, architecture: architecture)
    }
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
