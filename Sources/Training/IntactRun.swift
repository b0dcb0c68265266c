import Foundation
import Models
import Storage

extension RunFolder {
  /// Checks all files that training wrote: the manifest, settings and metrics byte for byte, every checkpoint and the
  /// weights against their hashes and the manifest.
  ///
  /// Pictures and reports are not covered, nor are the manifest's records of the processes that trained the run.
  ///
  /// - Returns: the manifest.
  /// - Throws: `TrainingError`, `ConfigurationError`, `SafeTensorsError`, `FileError`, `NotAFile`, `FileTooLarge`.
  package func requireIntact() throws -> Manifest {
    let (manifest, configuration) = (try manifest(), try configuration())
    try require(manifestFile, holds: manifest.json(), "the form that training writes")
    try require(configuration, of: manifest)
    try requireUnchanged(configuration, since: manifest)
    try require(
      configurationFile, holds: Data(ConfigurationFile.text(configuration).utf8),
      "the form that training writes")
    // Written after the manifest: for a run that is training or was killed, a difference is allowed above.
    if manifest.state != .running {
      try require(
        metricsFile, holds: Data(MetricsTable.csv(manifest.epochs).utf8), "the epochs of manifest.json")
    }
    try requireCheckpoints(manifest, configuration)
    _ = try trace(of: manifest)
    if manifest.bestEpoch > 0 {
      _ = try Weights.best(of: self, configuration, manifest)
      try requireForm(bestFile)
    }
    if let expected = configuration.initialWeights {
      let file = try SafeTensors(contentsOf: initialFile)
      let state = try ModelState(file, table: ParameterTable(configuration.architecture))
      guard state.sha256 == expected else {
        throw TrainingError(
          .run, "\(initialFile.path) does not hold the initial weights that config.yaml names")
      }
      try requireForm(initialFile)
    }
    return manifest
  }

  private func require(_ url: URL, holds expected: Data, _ what: String) throws {
    guard try readFile(url, upTo: Self.mostBytes) == expected else {
      throw TrainingError(.run, "\(url.path) does not hold \(what): it was changed")
    }
  }

  private static let mostBytes = 1 << 36

  /// The hash does not cover spaces in the header.
  private func requireForm(_ url: URL) throws {
    try require(url, holds: SafeTensors(contentsOf: url).serialized(), "the form that training writes")
  }

  private func requireCheckpoints(_ manifest: Manifest, _ configuration: Configuration) throws {
    let last = try checkpoint(of: manifest, configuration)
    // A process that was killed may have written an epoch's manifest but not its checkpoint.
    let mayBeBehind = manifest.state == .running && last.epoch == manifest.epochs.count - 1
    guard last.epoch == manifest.epochs.count || mayBeBehind else {
      throw TrainingError(
        .run,
        "\(checkpointFile.path) is of epoch \(last.epoch), and manifest.json has \(manifest.epochs.count): one of them was put "
          + "back")
    }
    try requireForm(checkpointFile)
    let others = [previousFile] + manifest.epochs.map { keptCheckpointFile(epoch: $0.epoch) }
    for url in others where Files.exists(url) {
      _ = try checkpoint(url, of: manifest, configuration)
      try requireForm(url)
    }
  }
}
