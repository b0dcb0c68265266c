import ArgumentParser
import Datasets
import Foundation
import Storage
import Training

/// The images to work on.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The data: \(DataOptions.names), or a folder of IDX files, of CIFAR-10's, or of PNG: see 'facsimile data --help' "
        + "(default: what the run given was trained on; without a run they must be named).",
      valueName: "data"))
  var data: String?

  @Flag(
    help:
      "Take the files of a known name that cannot be compared with published hashes (cifar-10; kmnist unpacked)."
  )
  var unverifiedData = false

  /// Where data are looked for.
  private var catalog: DatasetCatalog {
    var catalog = DatasetCatalog()
    catalog.takesUnverified = unverifiedData
    return catalog
  }

  static var names: String { KnownDataset.allCases.map(\.rawValue).joined(separator: ", ") }

  /// The data set that was asked for. None is taken because it happens to lie around.
  ///
  /// Throws: `DatasetError`; `UsageError` where none was asked for.
  func load() throws -> Dataset {
    guard let data else {
      throw UsageError("which data? Name them with --data: \(Self.names), or a folder of images")
    }
    return try catalog.load(data)
  }

  /// The data set that was asked for, else the one that the run folder or file of weights at `path` names.
  ///
  /// Throws: as ``load(of:)``.
  func load(from path: String?) throws -> Dataset {
    guard let path, try WeightsSource.isRun(path) else { return try load() }
    return try load(of: RunFolder(reading: URL(systemPath: path, isDirectory: true)))
  }

  /// The data set that was asked for, else the one that `run` was trained on.
  ///
  /// Throws: `DatasetError`; `UsageError` where neither is known; `CommandFailure` where the data of the run are others
  /// now.
  func load(of run: RunFolder) throws -> Dataset {
    guard data == nil, Files.isTaken(run.manifestFile.path) else { return try load() }
    let trainedOn = try run.manifest().dataset
    var catalog = catalog
    // They are compared with the run's.
    catalog.takesUnverified = true
    // The folder it came from is surest; on another machine the name may still mean the same data.
    let isThere = Files.exists(trainedOn.source)
    guard isThere || KnownDataset(rawValue: trainedOn.name) != nil else {
      throw CommandFailure(
        trainedOn.source.isEmpty
          ? "the run was trained on images that a program supplied: name data (--data)"
          : "\(trainedOn.source), which the run was trained on, is no longer there: name other data (--data)")
    }
    let dataset = try catalog.load(isThere ? trainedOn.source : trainedOn.name)
    guard dataset.sha256 == trainedOn.sha256 else {
      throw CommandFailure(
        "the run was trained on data of SHA-256 \(trainedOn.sha256), but \(dataset.title) has \(dataset.sha256): "
          + "give those data, or name others on purpose (--data)")
    }
    return dataset
  }
}
