import Foundation
import Models
import Storage
import Training

/// Initial weights for a run: from another run or a file.
struct WeightsSource {
  let file: SafeTensors
  private let path: String
  private let configuration: Configuration?

  /// Whether `path` is a folder, and therefore a run; anything else is read as a file of weights.
  ///
  /// Throws: `CommandFailure` if it does not exist.
  static func isRun(_ path: String) throws -> Bool {
    guard Files.exists(path) else {
      if let target = Files.target(of: path) { throw DanglingLink(path: path, target: target) }
      throw CommandFailure(
        "--from is '\(path)', which does not exist: expected a run folder or a safetensors file")
    }
    return Files.isFolder(path)
  }

  /// Reads the best weights of the run folder at `path`, or the safetensors file.
  ///
  /// Throws: `TrainingError`, `SafeTensorsError`, `FileError`, `CommandFailure` if it does not exist.
  init(_ path: String) throws {
    self.path = path
    let url = URL(systemPath: path)
    if try Self.isRun(path) {
      let weights = try Weights(run: RunFolder(reading: url))
      file = try weights.file()
      configuration = weights.configuration
    } else {
      file = try SafeTensors(contentsOf: url)
      try file.requireWhole(url)
      configuration = nil
    }
  }

  /// `error`, with the settings that would make the weights fit if they do not.
  func explain(_ error: any Error, _ wanted: Configuration) -> any Error {
    guard let error = error as? TrainingError, error.kind == .weights, let configuration else { return error }
    func isConvolutional(_ model: ModelKind) -> Bool {
      ConfigurationKey.keys(of: model).contains { $0.name == "filters" }
    }
    let kind = isConvolutional(wanted.model)
    guard isConvolutional(configuration.model) == kind else {
      let fitting = ModelKind.allCases.filter { isConvolutional($0) == kind }.map(\.rawValue)
      return CommandFailure(
        "\(path) is a run of \(configuration.model.rawValue), whose layers are of another kind than those of "
          + "\(wanted.model.rawValue): expected a run of \(fitting.joined(separator: ", "))")
    }
    let known = wanted.texts
    let differing = configuration.pairs.filter { key, value in
      ["latent", "filters", "hidden"].contains(key) && known[key].map { $0 != value } ?? false
    }
    guard !differing.isEmpty else { return error }
    let settings = differing.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    return CommandFailure("\(error.description), as \(path) has: --set \(settings)")
  }
}
