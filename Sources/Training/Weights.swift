import Foundation
import Models
import Numerics
import Storage

/// Trained parameters and their configuration, for evaluation, export and transfer.
package struct Weights: Sendable, Equatable {
  /// What was trained.
  package let configuration: Configuration
  /// Parameters; no optimizer state.
  package let state: ModelState
  /// Their epoch, 0 if unknown.
  package let epoch: Int
  /// Additional steps of the next epoch.
  package let step: Int

  /// A choice of a run's weights.
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

  /// The weights of a run; the last ones if no epoch is completed yet.
  ///
  /// Each file is checked against its hash, and cross-checked with its run.
  ///
  /// - Throws: `TrainingError`, `SafeTensorsError`, `FileError` if the files cannot be read, or are not those of this
  ///   run.
  package init(run folder: RunFolder, _ choice: Choice = .best, architecture: Architecture? = nil) throws {
    var manifest = try folder.manifestIfAny(architecture: architecture)
    while true {
      do {
        self = try Self.weights(of: folder, choice, manifest, architecture)
        return
      } catch {
        // A running training may have written an epoch between the two reads.
        let now = try folder.manifestIfAny(architecture: architecture)
        if now == manifest { throw error }
        manifest = now
      }
    }
  }

  private static func weights(
    of folder: RunFolder, _ choice: Choice, _ manifest: Manifest?, _ architecture: Architecture?
  ) throws -> Weights {
    let configuration = try folder.configuration(architecture: architecture)
    if let manifest {
      try folder.require(configuration, of: manifest)
      try folder.requireUnchanged(configuration, since: manifest)
    }
    let hasBest = Files.exists(folder.bestFile)
    if choice == .best, hasBest || manifest.map({ $0.bestEpoch > 0 }) ?? false {
      return try best(of: folder, configuration, manifest)
    }
    guard let manifest else {
      throw TrainingError(
        .run,
        "\(folder.url.path) has no manifest.json to check a checkpoint against: an imported run has only the weights called best"
      )
    }
    let checkpoint = try folder.checkpoint(of: manifest, configuration, architecture: architecture)
    return Weights(configuration, checkpoint.state, epoch: checkpoint.epoch, step: checkpoint.step)
  }

  /// The weights of `best.safetensors`.
  ///
  /// - Throws: `TrainingError` if the file is damaged, or of another run, or of an epoch that is not the best.
  static func best(
    of folder: RunFolder, _ configuration: Configuration, _ manifest: Manifest?
  ) throws -> Weights {
    try naming(folder.bestFile) { try readBest(of: folder, configuration, manifest) }
  }

  private static func readBest(
    of folder: RunFolder, _ configuration: Configuration, _ manifest: Manifest?
  ) throws -> Weights {
    let url = folder.bestFile
    let table = try ParameterTable(configuration.architecture)
    let file = try SafeTensors(contentsOf: url, atMost: table.fileBytes)
    try file.requireSealed(format: format, url)
    let state = try ModelState(file, table: table)
    guard let epoch = file.metadata["epoch"].flatMap({ Int($0) }), epoch >= 0,
      file.names.count == state.parameters.count
    else {
      throw TrainingError(
        .run, "\(url.path) has another epoch or other tensors than weights have: it is damaged")
    }
    if file.metadata["configuration"].flatMap({ try? configuration.differs(fromJSON: $0) }) ?? true {
      throw TrainingError(
        .run,
        "\(url.path) is of another configuration than \(folder.configurationFile.path): one of them was put there"
      )
    }
    if let manifest {
      guard file.metadata["dataset-sha256"] == manifest.dataset.sha256,
        file.metadata["initial-sha256"] == manifest.initialSHA256
      else { throw TrainingError(.run, "\(url.path) is of another run than manifest.json") }
      // A killed run may have best weights of an epoch that is not in its manifest yet.
      guard epoch == manifest.bestEpoch || epoch > manifest.epochs.count else {
        throw TrainingError(
          .run,
          "\(url.path) is of epoch \(epoch), and manifest.json says that \(manifest.bestEpoch) is the best: one of them was put "
            + "back")
      }
    }
    return Weights(configuration, state, epoch: epoch)
  }

  /// The weights of a file with PyTorch's names, from this or another program.
  ///
  /// Widths are taken from the tensors' shapes, everything else from the file's metadata, if any. The
  /// image shape is `image`, or the metadata's, or MNIST's. Tensors of half and
  /// double precision are accepted if their values are exact in single precision.
  ///
  /// - Throws: `TrainingError` if the tensors are not those of `model`; `SafeTensorsError`.
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
      configuration, try ModelState(file, table: table, widens: true),
      epoch: file.metadata["epoch"].flatMap { Int($0) } ?? 0)
  }

  /// The weights as a file for export; it has no hash, since other programs may change it.
  ///
  /// - Throws: `SafeTensorsError` if a name is taken.
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

  /// Writes the file for export atomically.
  ///
  /// - Throws: `FileError`.
  package func write(to url: URL) throws { try file().write(to: url) }

  static let format = "facsimile-weights-2"

  /// Writes a file of a run atomically, with the hash of its contents and the run's identity.
  ///
  /// - Parameter manifest: the run's; nil for an imported run, which has none.
  /// - Throws: `FileError`.
  package func write(to url: URL, of manifest: Manifest?) throws {
    var file = try file()
    file.metadata["format"] = Self.format
    file.metadata["dataset-sha256"] = manifest?.dataset.sha256
    file.metadata["initial-sha256"] = manifest?.initialSHA256
    file.seal()
    try file.write(to: url)
  }
}

extension ParameterTable {
  /// An upper bound for the size of a file with `copies` of each tensor.
  func fileBytes(copies: Int) -> Int {
    (1 << 20) + copies * parameters.reduce(0) { $0 + 4 * $1.shape.dimensions.reduce(1, *) + 1024 }
  }

  /// An upper bound for the size of a file with these tensors.
  var fileBytes: Int { fileBytes(copies: 1) }
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
