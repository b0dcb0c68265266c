import ArgumentParser
import Datasets
import Foundation
import Training

/// The images to work on.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The data: \(DataOptions.names), or a folder of IDX files, of CIFAR-10's, or of PNG: see 'facsimile data --help' "
        + "(default: mnist if found, else fashion-mnist).",
      valueName: "data"))
  var data: String?

  static var names: String { KnownDataset.allCases.map(\.rawValue).joined(separator: ", ") }

  /// The data set that was asked for, else MNIST, else Fashion-MNIST.
  ///
  /// Throws: `DatasetError`.
  func load() throws -> Dataset {
    let catalog = DatasetCatalog()
    if let data { return try catalog.load(data) }
    do {
      return try catalog.load(KnownDataset.mnist.rawValue)
    } catch let missing as DatasetError where missing.kind == .notFound {
      do {
        return try catalog.load(KnownDataset.fashionMNIST.rawValue)
      } catch let error as DatasetError where error.kind == .notFound {
        throw CommandFailure("neither mnist nor fashion-mnist is here: \(error); or name other data (--data)")
      }
    }
  }

  /// The data set that was asked for, else the one that `run` was trained on, else the default.
  ///
  /// Throws: `DatasetError`; `CommandFailure` where the data of the run are others now.
  func load(of run: RunFolder) throws -> Dataset {
    let files = FileManager.default
    guard data == nil, files.fileExists(atPath: run.manifestFile.path) else { return try load() }
    let trainedOn = try run.manifest().dataset
    let catalog = DatasetCatalog()
    // The folder it came from is surest; on another machine the name may still mean the same data.
    let isThere = files.fileExists(atPath: trainedOn.source)
    guard isThere || KnownDataset(rawValue: trainedOn.name) != nil else {
      throw CommandFailure(
        trainedOn.source.isEmpty
          ? "the run was trained on images that a program gave: name data (--data)"
          : "\(trainedOn.source), which the run was trained on, is gone: name other data (--data)")
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
