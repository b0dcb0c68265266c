import Foundation
import Models
import Numerics
import Programs
import Storage

/// Everything that training needs to go on with the same bits: `checkpoint.safetensors`.
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
  /// Epochs that are done.
  package let epoch: Int
  /// Steps of the next epoch that are done, 0 between epochs.
  package let step: Int
  /// What those steps left in their slots.
  let losses: [Float]
  /// The table of steps of the epoch under way; empty between epochs.
  let table: [UInt32]
  /// Seconds those steps took.
  let seconds: Double
  /// The best loss so far.
  package let stopping: EarlyStopping

  static let format = "facsimile-checkpoint-1"

  init(
    _ configuration: Configuration, datasetSHA256: String, state: ModelState, epoch: Int,
    running: RunningEpoch? = nil, stopping: EarlyStopping
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
  }

  /// Reads a checkpoint.
  ///
  /// - Parameter architecture: a custom model's layers.
  /// - Throws: `TrainingError` where the file is none, or of another contract; `SafeTensorsError`, `FileError`.
  package init(contentsOf url: URL, architecture: Architecture? = nil) throws {
    let file = try SafeTensors(contentsOf: url)
    func text(_ key: String) throws -> String {
      guard let value = file.metadata[key] else {
        throw TrainingError(.run, "\(url.path) is no checkpoint: it has no '\(key)'")
      }
      return value
    }
    func value<Value: LosslessStringConvertible>(_ key: String, _: Value.Type) throws -> Value {
      guard let value = Value(try text(key)) else {
        throw TrainingError(.run, "\(url.path): '\(key)' is '\(try text(key))', the file is damaged")
      }
      return value
    }
    guard try text("format") == Self.format else {
      throw TrainingError(.run, "\(url.path) is '\(try text("format"))', expected \(Self.format)")
    }
    let contract = try value("numerics-contract", Int.self)
    guard contract == contractVersion else {
      throw TrainingError(
        .run,
        "\(url.path) follows version \(contract) of the numerics contract, this program \(contractVersion): "
          + "going on would change bits; use the version of Facsimile that began the run")
    }
    configuration = try Configuration(json: text("configuration"), architecture: architecture)
    datasetSHA256 = try text("dataset-sha256")
    state = try ModelState(
      file, table: ParameterTable(configuration.architecture),
      stateNames: configuration.optimizer.stateNames)
    epoch = try value("epoch", Int.self)
    step = try value("step", Int.self)
    seconds = try value("seconds", Double.self)
    losses = step > 0 ? try file.floats("epoch.losses") : []
    table = step > 0 ? try file.values("epoch.table", of: UInt32.self) : []
    // A step more than the table's would be trained on what lies behind it.
    guard (0...table.count / StepTable.width).contains(step), epoch >= 0,
      losses.count.isMultiple(of: max(step, 1))
    else {
      throw TrainingError(
        .run,
        "\(url.path): \(losses.count) losses and \(table.count) words for \(step) steps, the file is damaged")
    }
    stopping = EarlyStopping(
      bestLoss: file.metadata["best-loss"].flatMap(Double.init), bestEpoch: try value("best-epoch", Int.self),
      staleEpochs: try value("stale-epochs", Int.self))
  }

  /// Writes the checkpoint, as a whole or not at all.
  ///
  /// - Throws: `FileError`.
  package func write(to url: URL) throws {
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
      "best-epoch": "\(stopping.bestEpoch)", "stale-epochs": "\(stopping.staleEpochs)",
    ]
    file.metadata["best-loss"] = stopping.bestLoss.map { "\($0)" }
    try file.write(to: url)
  }
}
