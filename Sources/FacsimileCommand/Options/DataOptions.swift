import ArgumentParser
import Datasets
import Foundation
import Storage
import Training

/// The images to work on.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The data set: \(DataOptions.names), a folder of IDX, CIFAR-10 or PNG files, or a packed file; see 'facsimile data --help' "
        + "(default: the one the run was trained on; required without a run).",
      valueName: "data"))
  var data: String?

  @Flag(
    help:
      "Accept files that cannot be checked against published hashes (unpacked kmnist; other files of cifar-10)."
  )
  var unverifiedData = false

  @Option(
    help: ArgumentHelp(
      "Memory that images may take, such as 500MB or 2GB (at least two batches): if they need more, batches are read as they are "
        + "needed (default: what device and machine can spare); affects speed and memory, never results.",
      valueName: "bytes"))
  var dataMemory: String?

  /// Throws: `UsageError` if `--data-memory` is not a number of bytes.
  private var catalog: DatasetCatalog {
    get throws {
      var catalog = DatasetCatalog()
      catalog.takesUnverified = unverifiedData
      catalog.memory = try dataMemory.map { try byteCount("--data-memory", $0) }
      return catalog
    }
  }

  static var names: String { KnownDataset.allCases.map(\.rawValue).joined(separator: ", ") }

  /// The data set given by `--data`; there is no default.
  ///
  /// Throws: `DatasetError`; `UsageError` if none is given.
  func load() throws -> Dataset {
    guard let data else {
      throw UsageError("no data set given: name one with --data (\(Self.names), or a folder of images)")
    }
    return try catalog.load(data)
  }

  /// The data set given by `--data`, else the one of the run at `path`.
  ///
  /// Throws: as ``load(of:)``.
  func load(from path: String?) throws -> Dataset {
    guard let path, try WeightsSource.isRun(path) else { return try load() }
    return try load(of: RunFolder(reading: URL(systemPath: path, isDirectory: true)))
  }

  /// The data set given by `--data`, else the one that `run` was trained on.
  ///
  /// Throws: `DatasetError`; `UsageError` if neither is known; `CommandFailure` if the data of the run have
  /// changed.
  func load(of run: RunFolder) throws -> Dataset {
    guard data == nil, Files.isTaken(run.manifestFile.path) else { return try load() }
    return try load(trainedOn: run.manifest().dataset)
  }

  /// The data set that a run was trained on.
  ///
  /// Throws: as ``load(of:)``.
  func load(trainedOn: Manifest.Data) throws -> Dataset {
    var catalog = try catalog
    // They are checked against the run's hash.
    catalog.takesUnverified = true
    // Prefer the folder it came from; on another machine the name may still refer to the same data.
    let isThere = Files.exists(trainedOn.source)
    guard isThere || KnownDataset(rawValue: trainedOn.name) != nil else {
      throw CommandFailure(
        trainedOn.source.isEmpty
          ? "the run was trained on images supplied by a program: name a data set with --data"
          : "\(trainedOn.source), which the run was trained on, no longer exists: name the data set with --data"
      )
    }
    let dataset = try catalog.load(isThere ? trainedOn.source : trainedOn.name)
    guard dataset.sha256 == trainedOn.sha256 else {
      throw CommandFailure(
        "the run was trained on data of SHA-256 \(trainedOn.sha256), but \(dataset.title) has \(dataset.sha256): "
          + "provide that data set, or name another one explicitly with --data")
    }
    return dataset
  }
}
