import Foundation
import Models
import Storage

/// The files of one run.
package final class RunFolder {
  /// The folder.
  package let url: URL
  private var lock: FolderLock?

  /// A run folder for reading; it is not locked.
  ///
  /// - Throws: `TrainingError` if it is not a run folder.
  package init(reading url: URL) throws {
    self.url = url
    guard Files.exists(configurationFile) else {
      throw TrainingError(.run, "\(url.path) is not a run folder: it has no config.yaml")
    }
  }

  /// A run folder to resume; locked for as long as this object lives.
  ///
  /// - Parameter patience: seconds to wait for another process that holds it.
  /// - Throws: `TrainingError` if it is not a run folder, `FolderInUse`.
  package convenience init(resuming url: URL, patience: Double = 0) throws {
    try self.init(reading: url)
    lock = try FolderLock(folder: url, patience: patience)
    for name in ["images", "checkpoints"] { TemporaryFile.sweep(url.appendingPathComponent(name).path) }
  }

  /// A new run folder, created with its parent folders; locked for as long as this object lives.
  ///
  /// An existing folder must be empty, or hold only the first files of a run that was killed while starting.
  ///
  /// - Parameter patience: seconds to wait for another process that holds it.
  /// - Throws: `TrainingError` if it is not empty, `FolderInUse`.
  package init(creating url: URL, patience: Double = 0) throws {
    self.url = url
    try requireEmpty()
    do {
      try makeFolder(url)
    } catch let error as FileError {
      throw TrainingError(.run, error.description)
    }
    lock = try FolderLock(folder: url, patience: patience, note: FolderLock.note(in: url))
    // Check again: the previous holder of the lock may have started a run.
    try requireEmpty()
    for name in Self.firstNames { try removeAll(url.appendingPathComponent(name)) }
    try lock?.renote(Self.beginning)
  }

  /// Removes the first files of a run that could not start, and the lock file: the folder was empty before.
  package func clear() {
    for name in Self.firstNames + [FolderLock.name] { try? removeAll(url.appendingPathComponent(name)) }
  }

  /// The note in the lock file until all first files of a run are written.
  private static let beginning = "beginning"
  /// The files that a run has before its first epoch.
  private static let firstNames = [
    "initial.safetensors", "checkpoint.safetensors", "best.safetensors", "manifest.json", "metrics.csv",
    "trace",
  ]

  /// Whether a path is one of the files that a run needs.
  package static func isFile(ofARun url: URL) -> Bool {
    let folder = url.deletingLastPathComponent()
    let isRun = ["config.yaml", "manifest.json"].contains {
      Files.exists(folder.appendingPathComponent($0))
    }
    let names = firstNames + ["config.yaml", "previous.safetensors", "receipt.dsse.json", FolderLock.name]
    return isRun && names.contains(url.lastPathComponent)
  }

  private func requireEmpty() throws {
    guard !Files.exists(configurationFile) else {
      throw TrainingError(
        .run,
        "\(url.path) holds a run already: resume it, or choose another folder",
        remedy: .goOn(folder: url.path))
    }
    let names = try Self.names(in: url)
    guard !names.isEmpty else { return }
    if FolderLock.note(in: url) == Self.beginning, names.allSatisfy(Self.firstNames.contains) { return }
    let isRun = names.contains("manifest.json") || names.contains("checkpoint.safetensors")
    throw TrainingError(
      .run,
      "\(url.path) is not empty: it holds \(names.prefix(3).joined(separator: ", "))\(names.count > 3 ? ", …" : "")"
        + (isRun ? ", apparently of a run that lost its config.yaml: restore it" : "")
        + "; choose another folder")
  }

  /// The sorted contents of a folder, without leftovers of a process that was killed while starting.
  private static func names(in url: URL) throws -> [String] {
    guard Files.exists(url) else { return [] }
    do {
      return try Files.names(in: url)
        .filter { $0 != FolderLock.name && !TemporaryFile.isOne($0) }.sorted()
    } catch {
      throw TrainingError(.run, FileError(action: "make the folder", path: url.path, error).description)
    }
  }

  /// `config.yaml`.
  package var configurationFile: URL { url.appendingPathComponent("config.yaml") }
  /// `manifest.json`.
  package var manifestFile: URL { url.appendingPathComponent("manifest.json") }
  /// `metrics.csv`.
  package var metricsFile: URL { url.appendingPathComponent("metrics.csv") }
  /// `checkpoint.safetensors`.
  package var checkpointFile: URL { url.appendingPathComponent("checkpoint.safetensors") }
  /// `previous.safetensors`: the checkpoint before that.
  package var previousFile: URL { url.appendingPathComponent("previous.safetensors") }
  /// `best.safetensors`: the weights of the best epoch.
  package var bestFile: URL { url.appendingPathComponent("best.safetensors") }
  /// `initial.safetensors`: the weights that a transfer started from.
  package var initialFile: URL { url.appendingPathComponent("initial.safetensors") }

  /// `trace`: hashes of every tensor after traced steps.
  package var traceFile: URL { url.appendingPathComponent("trace") }

  /// `receipt.dsse.json`: the signed statement and its signature.
  package var receiptFile: URL { url.appendingPathComponent("receipt.dsse.json") }

  /// `images/epoch-001.png`.
  package func pictureFile(epoch: Int) -> URL { url.appendingPathComponent("images/\(name(epoch)).png") }

  /// `checkpoints/epoch-001.safetensors`.
  package func keptCheckpointFile(epoch: Int) -> URL {
    url.appendingPathComponent("checkpoints/\(name(epoch)).safetensors")
  }

  private func name(_ epoch: Int) -> String { String(format: "epoch-%03d", epoch) }

  // MARK: - Writing

  /// Writes `config.yaml`, the last of a run's first files: it turns the folder into a run folder.
  package func write(_ configuration: Configuration) throws {
    try AtomicFile.write(Data(ConfigurationFile.text(configuration).utf8), to: configurationFile)
    try lock?.renote(nil)
  }

  /// Writes `manifest.json` and `metrics.csv`.
  package func write(_ manifest: Manifest) throws {
    try AtomicFile.write(try manifest.json(), to: manifestFile)
    try AtomicFile.write(Data(MetricsTable.csv(manifest.epochs).utf8), to: metricsFile)
  }

  /// Writes `checkpoint.safetensors`, and a copy if it is to be kept; the one before it is kept as
  /// `previous.safetensors`.
  func write(_ checkpoint: Checkpoint) throws {
    if checkpoint.step == 0, checkpoint.epoch > 0,
      checkpoint.configuration.keepCheckpoints.keeps(checkpoint.epoch)
    {
      let kept = keptCheckpointFile(epoch: checkpoint.epoch)
      try makeFolder(kept.deletingLastPathComponent())
      try checkpoint.write(to: kept)
    }
    try keepPrevious()
    try checkpoint.write(to: checkpointFile)
  }

  /// Hard-links the checkpoint that is about to be replaced; `checkpoint.safetensors` exists at all times.
  private func keepPrevious() throws {
    guard Files.exists(checkpointFile) else { return }
    let temporary = url.appendingPathComponent(".facsimile-\(UUID().uuidString).tmp").path
    defer { _ = temporary.withSystemPath { unlink($0) } }
    // Fails on a file system without hard links, or if another process removes the name as a leftover.
    let isKept = temporary.withSystemPath { new in
      checkpointFile.path.withSystemPath { link($0, new) } == 0
        && previousFile.path.withSystemPath { rename(new, $0) } == 0
    }
    if !isKept { try AtomicFile.write(readFile(checkpointFile), to: previousFile) }
  }
}
