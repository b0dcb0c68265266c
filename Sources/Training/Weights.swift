import Foundation
import Models
import Numerics
import Storage

/// Trained parameters and the configuration they fit: what can be evaluated, exported and transferred.
package struct Weights: Sendable, Equatable {
  /// What was trained.
  package let configuration: Configuration
  /// Parameters; no optimizer state.
  package let state: ModelState
  /// Epoch they are from, 0 where unknown.
  package let epoch: Int
  /// Steps of the next epoch that are in them too.
  package let step: Int

  /// Which weights of a run.
  package enum Choice: String, CaseIterable, Sendable {
    /// Of the epoch with the lowest validation loss.
    case best
    /// Of the last checkpoint.
    case last
  }

  /// Parameters of `configuration`; optimizer state is left out.
  package init(_ configuration: Configuration, _ state: ModelState, epoch: Int = 0, step: Int = 0) {
    self.configuration = configuration
    self.state = state.withoutOptimizer
    self.epoch = epoch
    self.step = step
  }

  /// The weights of a run; the last ones where no epoch is done yet.
  ///
  /// - Throws: `TrainingError`, `SafeTensorsError`, `FileError` where the files cannot be read.
  package init(run folder: RunFolder, _ choice: Choice = .best, architecture: Architecture? = nil) throws {
    let configuration = try folder.configuration(architecture: architecture)
    if choice == .best, FileManager.default.fileExists(atPath: folder.bestFile.path) {
      let file = try SafeTensors(contentsOf: folder.bestFile)
      let state = try ModelState(file, table: ParameterTable(configuration.architecture))
      self.init(configuration, state, epoch: file.metadata["epoch"].flatMap { Int($0) } ?? 0)
    } else {
      guard FileManager.default.fileExists(atPath: folder.checkpointFile.path) else {
        throw TrainingError(
          .run,
          "\(folder.url.path) has no checkpoint.safetensors: an imported run has only the weights called best"
        )
      }
      let checkpoint = try Checkpoint(contentsOf: folder.checkpointFile, architecture: architecture)
      self.init(configuration, checkpoint.state, epoch: checkpoint.epoch, step: checkpoint.step)
    }
  }

  /// The weights of a file with PyTorch's names, made by this program or another.
  ///
  /// Widths are taken from the tensors' shapes, everything else from the file's metadata where it has any. What the
  /// shape of images is, tensors do not tell: it is `image`, or the metadata's, or MNIST's.
  ///
  /// - Throws: `TrainingError` where the tensors are not those of `model`; `SafeTensorsError`.
  package init(importing file: SafeTensors, model: ModelKind, image: String? = nil) throws {
    var configuration = Configuration(model)
    if let text = file.metadata["configuration"],
      let known = try? Configuration(json: text), known.model == model
    {
      configuration = known
    }
    if let image { try configuration.set("image", image) }
    try configuration.takeWidths(from: file)
    let table = try ParameterTable(configuration.architecture)
    if let unknown = file.names.first(where: { table.index($0) == nil && !$0.hasPrefix("optimizer.") }) {
      throw TrainingError(.weights, "\(model.rawValue) has no tensor '\(unknown)'")
    }
    self.init(
      configuration, try ModelState(file, table: table),
      epoch: file.metadata["epoch"].flatMap { Int($0) } ?? 0)
  }

  /// The weights as a file.
  ///
  /// - Throws: `SafeTensorsError` where a name is taken.
  package func file() throws -> SafeTensors {
    var file = SafeTensors()
    try state.add(to: &file)
    file.metadata = [
      "format": "facsimile-weights-1", "model": configuration.model.rawValue, "epoch": "\(epoch)",
      "numerics-contract": "\(contractVersion)",
      "configuration": try configuration.json(),
    ]
    return file
  }

  /// Writes the weights, as a whole or not at all.
  ///
  /// - Throws: `FileError`.
  package func write(to url: URL) throws { try file().write(to: url) }
}

extension Configuration {
  /// Takes `latent`, `filters` and `hidden` from the shapes of `file`'s tensors.
  fileprivate mutating func takeWidths(from file: SafeTensors) throws {
    func outputs(_ name: String) throws -> Int? {
      file.contains(name) ? try file.tensor(name).shape.first : nil
    }
    var widths: [Int] = []
    while let width = try outputs("encoder.fc\(widths.count + 1).weight") { widths.append(width) }
    let posterior = try outputs("encoder.mu.weight")
    guard let code = posterior ?? widths.popLast() else {
      throw TrainingError(
        .weights, "expected tensors of \(model.rawValue), found none called encoder.fc1.weight")
    }
    let filters = try (1...6).prefix { file.contains("encoder.conv\($0).weight") }.compactMap {
      try outputs("encoder.conv\($0).weight")
    }
    guard filters.isEmpty || ConfigurationKey.keys(of: model).contains(where: { $0.name == "filters" }) else {
      throw TrainingError(.weights, "\(model.rawValue) has no tensor 'encoder.conv1.weight'")
    }
    do {
      try set("latent", "\(code)")
      try set("hidden", widths.map(String.init).joined(separator: ","))
      if classifies, let count = try outputs("head.weight") { try set("classes", "\(count)") }
      if !filters.isEmpty { try set("filters", filters.map(String.init).joined(separator: ",")) }
    } catch let error as ConfigurationError {
      throw TrainingError(
        .weights, "these are not the tensors of \(model.rawValue): by their shapes \(error)")
    }
  }
}
