import Foundation
import Models
import Numerics
import Programs
import Storage

/// Everything that training needs to resume with the same bits: `checkpoint.safetensors`.
///
/// Tensors: parameters by PyTorch's names, the optimizer's state as `optimizer.ARENA.NAME`; in the middle of an
/// epoch also `epoch.losses` [steps done, slots] and `epoch.table` [steps, words of a row].
package struct Checkpoint: Sendable, Equatable {
  /// What was trained.
  package let configuration: Configuration
  /// SHA-256 of the data set.
  package let datasetSHA256: String
  /// Parameters and optimizer state.
  package let state: ModelState
  /// Number of completed epochs.
  package let epoch: Int
  /// Completed steps of the next epoch, 0 between epochs.
  package let step: Int
  /// The losses of those steps.
  let losses: [Float]
  /// The step table of the current epoch; empty between epochs.
  let table: [UInt32]
  /// Seconds those steps took.
  let seconds: Double
  /// The best loss so far.
  package let stopping: EarlyStopping
  /// ``ModelState/sha256`` after the last completed epoch, or of the initial state; the manifest has the same.
  let epochSHA256: String

  static let format = "facsimile-checkpoint-2"

  init(
    _ configuration: Configuration, datasetSHA256: String, state: ModelState, epoch: Int,
    running: RunningEpoch? = nil, stopping: EarlyStopping, epochSHA256: String
  ) {
    self.configuration = configuration
    self.datasetSHA256 = datasetSHA256
    self.state = state
    self.epoch = epoch
    step = running?.step ?? 0
    losses = running?.losses ?? []
    table = running?.table ?? []
    seconds = running?.seconds ?? 0
    self.stopping = stopping
    self.epochSHA256 = epochSHA256
  }

  /// Reads a checkpoint and checks its content hash.
  ///
  /// - Parameters:
  ///   - limit: the maximum size in bytes.
  ///   - architecture: a custom model's layers.
  /// - Throws: `TrainingError` if the file is not a checkpoint, is damaged, or follows another contract;
  ///   `SafeTensorsError`, `FileError`, `NotAFile`, `FileTooLarge`.
  package init(contentsOf url: URL, atMost limit: Int? = nil, architecture: Architecture? = nil) throws {
    self = try naming(url) { try Self(reading: url, atMost: limit, architecture) }
  }

  /// A checkpoint from the bytes of ``serialized()``; errors name `url`.
  ///
  /// - Throws: as ``init(contentsOf:atMost:architecture:)``.
  package init(serialized bytes: Data, naming url: URL) throws {
    self = try Training.naming(url) { try Self(SafeTensors(data: bytes), url, nil) }
  }

  private init(reading url: URL, atMost limit: Int?, _ architecture: Architecture?) throws {
    try self.init(SafeTensors(contentsOf: url, atMost: limit), url, architecture)
  }

  private init(_ file: SafeTensors, _ url: URL, _ architecture: Architecture?) throws {
    func text(_ key: String) throws -> String {
      guard let value = file.metadata[key] else {
        throw TrainingError(.run, "\(url.path) is not a checkpoint: it has no '\(key)'")
      }
      return value
    }
    func value<Value: LosslessStringConvertible>(_ key: String, _: Value.Type) throws -> Value {
      guard let value = Value(try text(key)) else {
        throw TrainingError(.run, "\(url.path): '\(key)' is '\(try text(key))', the file is damaged")
      }
      return value
    }
    func damaged(_ fact: String) -> TrainingError {
      TrainingError(.run, "\(url.path): \(fact), the file is damaged")
    }
    try file.requireSealed(format: Self.format, url)
    let contract = try value("numerics-contract", Int.self)
    guard contract == contractVersion else {
      throw TrainingError(
        .run,
        "\(url.path) follows version \(contract) of the numerics contract, this program \(contractVersion): "
          + "resuming would change bits; use the version of Facsimile that began the run")
    }
    configuration = try Configuration(json: text("configuration"), architecture: architecture)
    datasetSHA256 = try text("dataset-sha256")
    let parameters = try ParameterTable(configuration.architecture)
    state = try ModelState(file, table: parameters, stateNames: configuration.optimizer.stateNames)
    for tensor in state.optimizer { try tensor.requireFinite() }
    epoch = try value("epoch", Int.self)
    step = try value("step", Int.self)
    seconds = try value("seconds", Double.self)
    epochSHA256 = try text("state-sha256")
    losses = step > 0 ? try file.floats("epoch.losses") : []
    table = step > 0 ? try file.values("epoch.table", of: UInt32.self) : []
    // More steps than the table has would read past its end.
    guard (0...table.count / StepTable.width).contains(step), (0...1_000_000).contains(epoch),
      losses.count.isMultiple(of: max(step, 1)), losses.allSatisfy(\.isFinite)
    else {
      throw damaged("\(losses.count) losses and \(table.count) words for \(step) steps after epoch \(epoch)")
    }
    guard seconds.isFinite, seconds >= 0 else { throw damaged("'seconds' is \(seconds)") }
    let tensors = parameters.parameters.count * (1 + configuration.optimizer.stateNames.count)
    guard file.names.count == tensors + (step > 0 ? 2 : 0) else {
      throw damaged("\(file.names.count) tensors, expected \(tensors + (step > 0 ? 2 : 0))")
    }
    guard step > 0 || epochSHA256 == state.sha256 else {
      throw damaged("its state has another SHA-256 than it says")
    }
    let bestLoss = file.metadata["best-loss"].flatMap(Double.init)
    stopping = EarlyStopping(
      bestLoss: bestLoss, bestEpoch: try value("best-epoch", Int.self),
      staleEpochs: try value("stale-epochs", Int.self))
    guard (0...epoch).contains(stopping.bestEpoch), (0...epoch).contains(stopping.staleEpochs),
      (bestLoss != nil) == (stopping.bestEpoch > 0), bestLoss?.isFinite ?? true
    else { throw damaged("'best-loss', 'best-epoch' and 'stale-epochs' do not fit together") }
  }

  /// Writes the checkpoint atomically.
  ///
  /// - Throws: `FileError`.
  package func write(to url: URL) throws { try file().write(to: url) }

  /// The bytes of the file.
  package func serialized() throws -> Data { try file().serialized() }

  private func file() throws -> SafeTensors {
    var file = SafeTensors()
    try state.add(to: &file)
    if step > 0 {
      try file.add("epoch.losses", shape: [step, losses.count / step], floats: losses)
      try file.add(
        "epoch.table", shape: [table.count / StepTable.width, StepTable.width], values: table)
    }
    file.metadata = [
      "format": Self.format, "numerics-contract": "\(contractVersion)",
      "model": configuration.model.rawValue,
      "configuration": try configuration.json(),
      "dataset-sha256": datasetSHA256, "epoch": "\(epoch)", "step": "\(step)", "seconds": "\(seconds)",
      "state-sha256": epochSHA256, "best-epoch": "\(stopping.bestEpoch)",
      "stale-epochs": "\(stopping.staleEpochs)",
    ]
    file.metadata["best-loss"] = stopping.bestLoss.map { "\($0)" }
    file.seal()
    return file
  }

  /// Checks that this is a checkpoint of the run described by `manifest`.
  ///
  /// - Throws: `TrainingError` that names `url`.
  func require(of manifest: Manifest, _ url: URL) throws {
    guard datasetSHA256 == manifest.dataset.sha256 else {
      throw TrainingError(.run, "\(url.path) is of another run than manifest.json: its data are others")
    }
    let known =
      epoch == 0 ? manifest.initialSHA256 : manifest.epochs.first { $0.epoch == epoch }?.stateSHA256
    guard let known else {
      throw TrainingError(
        .run,
        "\(url.path) is of epoch \(epoch), and manifest.json knows \(manifest.epochs.count): one of them was put back"
      )
    }
    guard epochSHA256 == known else {
      throw TrainingError(
        .run,
        "\(url.path) is of another run than manifest.json: the state after epoch \(epoch) has another SHA-256"
      )
    }
  }
}

/// Runs `body`; errors name the file at `url`.
func naming<Result>(_ url: URL, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let error as SafeTensorsError {
    throw error.naming(url.path)
  } catch let error as TrainingError {
    if error.description.contains(url.path) { throw error }
    throw TrainingError(error.kind, "\(url.path): \(error.description)", remedy: error.remedy)
  } catch let error as ConfigurationError {
    throw TrainingError(.run, "\(url.path): \(error.description)")
  } catch is DecodingError {
    throw TrainingError(.run, "\(url.path): its metadata hold no configuration, the file is damaged")
  }
}

extension SafeTensors {
  /// Checks that this is an intact file of a run, in a known format.
  ///
  /// - Throws: `TrainingError` that names `url`.
  func requireSealed(format: String, _ url: URL) throws {
    let found = metadata["format"] ?? "no format of Facsimile's"
    guard found == format else {
      let isEarlier = sealing == .missing && found.dropLast() == format.dropLast()
      throw TrainingError(
        .run,
        isEarlier
          ? "\(url.path) is of an earlier version and holds no hash of its contents: 'facsimile import' makes a run of its "
            + "weights as they are"
          : "\(url.path) is '\(found)', expected \(format)")
    }
    try requireWhole(url)
    guard sealing == .whole else {
      throw TrainingError(.run, "\(url.path) holds no hash of its contents: the file is damaged")
    }
  }

  /// Throws: `TrainingError` if the file has a hash that does not match its contents; other programs' files have none.
  package func requireWhole(_ url: URL) throws {
    if sealing == .broken {
      throw TrainingError(
        .weights, "\(url.path) is damaged: its contents have another SHA-256 than it says (content-sha256)")
    }
  }
}
