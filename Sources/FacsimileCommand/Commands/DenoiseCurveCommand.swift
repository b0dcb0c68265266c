import ArgumentParser
import Datasets
import Foundation
import Models
import Numerics
import Pictures
import Storage
import Training
import Views

/// `facsimile denoise-curve`
struct DenoiseCurveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "denoise-curve",
    abstract: "Plots how well autoencoders restore test images at increasing noise levels.",
    discussion: """
      For each run, plots the mean squared error against the clean images at noise levels 0, 0.1, … 1 (as reported by \
      'evaluate --noise'). A variational autoencoder decodes the posterior mean.

      Examples:
        facsimile denoise-curve runs/conv-autoencoder-1 runs/denoising-autoencoder-1 --out noise.svg
        facsimile denoise-curve runs/denoising-autoencoder-1 --out noise.csv --device cpu
      """)

  @Argument(
    help: ArgumentHelp("Run folders, all trained on the same data set.", valueName: "run"),
    completion: .directory)
  var runs: [String]

  @Option(help: "Weights to use: of the best epoch, or of the last.")
  var weights = Weights.Choice.best

  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions

  @Option(
    help: ArgumentHelp("The file to write: .png, .svg or .csv.", valueName: "file"),
    completion: .file(extensions: OutputFile.Kind.allCases.map(\.rawValue)))
  var out: String

  @OptionGroup var drawing: DrawingOptions
  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    struct Run: Encodable {
      let run: String
      let model: String
      let epoch: Int
      let levels: [NoiseCurve.Level]
    }
    let dataset: String
    let images: Int
    let device: String
    let out: String
    let runs: [Run]
  }

  func run() throws {
    let file = try OutputFile(out)
    let folders = try runs.map { try RunFolder(reading: URL(systemPath: $0, isDirectory: true)) }
    let models = try zip(runs, folders).map { run, folder in
      if let manifest = try Self.manifest(of: folder) { try Self.requireEnd(of: manifest, run) }
      let model = try Weights(run: folder, weights)
      guard !model.configuration.classifies else {
        throw UsageError("\(run) is a classifier: it does not reconstruct images; name runs of autoencoders")
      }
      return model
    }
    try requireOneDataset(folders)
    let dataset = try data.load(of: folders[0])
    let backend = try device.open(isAside: output.json)
    let names = Self.names(models, runs)
    let status = StatusLine(isAside: output.json)
    var curves: [NoiseCurve] = []
    for (name, weights) in zip(names, models) {
      status.show("\(name) (\(curves.count + 1) of \(models.count))")
      curves.append(try NoiseCurve(weights, name: name, images: dataset.test, backend: backend))
    }
    status.clear()
    let chart = NoiseCurve.chart(
      curves, title: "Denoising \(dataset.name)",
      description: "Error of reconstructions of \(dataset.test.count) test images under rising noise, for "
        + names.joined(separator: ", ") + ".")
    try file.write(chart.drawing(), theme: drawing.theme, csv: NoiseCurve.csv(curves))
    if output.json {
      return try Console.json(
        Figures(
          dataset: dataset.name, images: dataset.test.count, device: backend.device.identifier, out: out,
          runs: zip(zip(folders, models), curves).map { pair, curve in
            .init(
              run: pair.0.url.path, model: pair.1.configuration.model.rawValue, epoch: pair.1.epoch,
              levels: curve.levels)
          }))
    }
    let header = ["noise"] + NoiseCurve.factors.map { Format.fixed($0, 1) }
    let rows = curves.map { [$0.name] + $0.levels.map { Format.fixed($0.meanSquaredError, 4) } }
    Console.say(
      "mean squared error to the clean image, \(Format.count(dataset.test.count)) test images of \(dataset.title):"
    )
    Console.say(Format.table([header] + rows, right: Set(1..<header.count)))
    Console.say("curve: \(out)")
  }

  /// The manifest; nil for an imported run.
  private static func manifest(of folder: RunFolder) throws -> Manifest? {
    Files.exists(folder.manifestFile) ? try folder.manifest() : nil
  }

  private static func requireEnd(of manifest: Manifest, _ run: String) throws {
    guard manifest.state != .finished, manifest.state != .stoppedEarly else { return }
    throw CommandFailure(
      "\(run) is not finished (\(manifest.epochs.count) of \(counted(manifest.configuration.epochs, "epoch")) are done): resume it "
        + "first (facsimile train --resume \(shellQuoted(path: run)))")
  }

  /// Throws: `CommandFailure` if runs were trained on different data, unless `--data` is given.
  private func requireOneDataset(_ folders: [RunFolder]) throws {
    guard data.data == nil else { return }
    let trained = try zip(runs, folders).compactMap { run, folder in
      try Self.manifest(of: folder).map { (run: run, dataset: $0.dataset) }
    }
    guard let first = trained.first,
      let other = trained.first(where: { $0.dataset.sha256 != first.dataset.sha256 })
    else { return }
    throw CommandFailure(
      "\(first.run) was trained on \(first.dataset.name), \(other.run) on other data (\(other.dataset.name)): name runs of "
        + "one data set, or the data to compare them on (--data)")
  }

  /// The models' names if they differ, else the runs'.
  private static func names(_ models: [Weights], _ runs: [String]) -> [String] {
    let kinds = models.map(\.configuration.model.rawValue)
    if Set(kinds).count == kinds.count { return kinds }
    let folders = runs.map {
      URL(systemPath: $0, isDirectory: true).standardizedFileURL.lastPathComponent
    }
    return Set(folders).count == folders.count ? folders : runs
  }
}
