import Analysis
import ArgumentParser
import Datasets
import Foundation
import Interchange
import Models
import Numerics
import Storage
import Training

/// `facsimile export`
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Exports a trained model, its latent codes or its history.",
    discussion: """
      safetensors  weights under PyTorch's names and layouts (a file)
      onnx         the model, or a part of it, for any ONNX runtime (a file)
      tensorboard  metrics and pictures of every epoch as TensorBoard events (a folder)
      projector    codes, labels and images for TensorBoard's embedding projector (a folder)
      parquet      codes projected by PCA, labels and images, for Embedding Atlas (a file)

      An ONNX model takes images [batch, channels, height, width] with values from 0 to 1. Dropout and noise are \
      omitted, and a variational autoencoder decodes the posterior mean.

      Examples:
        facsimile export runs/conv-autoencoder-1 --format safetensors --out weights.safetensors
        python -c "from safetensors.torch import load_file; print(load_file('weights.safetensors').keys())"
        facsimile export runs/conv-autoencoder-1 --format onnx --part encoder --out encoder.onnx
        facsimile export runs/vae-1 --format tensorboard --out logs/vae-1
        facsimile export runs/vae-1 --format projector --count 2000 --out projector
        facsimile export runs/vae-1 --format parquet --out codes.parquet
        embedding-atlas codes.parquet --x x --y y --image image
      """)

  /// The formats.
  enum FileKind: String, CaseIterable {
    case safetensors, onnx, tensorboard, projector, parquet
  }

  private static let formats = FileKind.allCases.map(\.rawValue)

  @OptionGroup var trained: RunOptions

  @Option(
    help: "Output format: \(Self.formats.joined(separator: ", ")).", completion: .list(Self.formats))
  var format: String

  @Option(
    help: ArgumentHelp("The file or folder to write.", valueName: "file"),
    completion: .file())
  var out: String

  @Option(
    help: ArgumentHelp(
      "onnx: part of the model, \(ModelPart.allCases.map(\.rawValue).joined(separator: ", ")) (default: model).",
      valueName: "part"), completion: .list(ModelPart.allCases.map(\.rawValue)))
  var part: String?

  @Option(
    help: "projector, parquet: the images (default: test).")
  var split: Split?

  @Option(help: "projector, parquet: number of images from the start of the split (default: all).")
  var count: Int?

  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions
  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let run: String
    let format: String
    let out: String
    let epoch: Int
    /// Weights.
    var tensors: Int?
    var values: Int?
    /// Of the history.
    var epochCount: Int?
    /// Codes.
    var images: Int?
    var latent: Int?
  }

  /// Prints what was written, as a line or as JSON.
  private func say(_ line: String, _ figures: Figures) throws {
    if output.json { try Console.json(figures) } else { Console.say(line) }
  }

  func run() throws {
    let kind = try choice("--format", format, FileKind.self)
    try checkOptions(kind)
    let folder = try trained.folder()
    switch kind {
    case .safetensors: try writeWeights(folder)
    case .onnx: try writeONNX(folder, try part.map { try choice("--part", $0) } ?? .model)
    case .tensorboard: try writeEvents(folder)
    case .projector, .parquet: try writePoints(folder, kind)
    }
  }

  /// Throws: `UsageError` if an option does not apply to the format.
  private func checkOptions(_ kind: FileKind) throws {
    guard !out.isEmpty else { throw UsageError("--out is empty: expected the name of a file or folder") }
    let takesImages = kind == .projector || kind == .parquet
    let given: [(name: String, isGiven: Bool, fits: Bool)] = [
      ("--part", part != nil, kind == .onnx), ("--split", split != nil, takesImages),
      ("--count", count != nil, takesImages), ("--data", data.data != nil, takesImages),
    ]
    if let wrong = given.first(where: { $0.isGiven && !$0.fits }) {
      throw UsageError("\(wrong.name) does not apply to --format \(kind.rawValue): leave one of them out")
    }
    try require("--count", count, in: 2...1_000_000)
    if kind == .tensorboard || kind == .projector {
      try requireEmptyFolder(URL(systemPath: out, isDirectory: true))
    } else {
      try OutputFile.requirePlace(out)
    }
  }

  // MARK: - Weights

  /// Weights of an epoch; warns if the run is unfinished.
  private func weights(_ folder: RunFolder) throws -> Weights {
    let weights = try Weights(run: folder, trained.weights)
    guard let manifest = try manifest(folder) else { return weights }
    guard weights.epoch > 0 || weights.step > 0 else {
      throw CommandFailure(
        "\(trained.run) has not completed an epoch yet: resume it (facsimile train --resume \(shellWord))")
    }
    if manifest.state != .finished, manifest.state != .stoppedEarly {
      Console.warn(
        "\(trained.run) is unfinished (\(manifest.state.rawValue)): this is epoch \(weights.epoch) of "
          + "\(weights.configuration.totalEpochs)")
    }
    return weights
  }

  private var shellWord: String { shellQuoted(path: trained.run) }

  /// The manifest; nil for an imported run, which has none.
  private func manifest(_ folder: RunFolder) throws -> Manifest? {
    guard Files.exists(folder.manifestFile) else { return nil }
    return try folder.manifest()
  }

  private func writeWeights(_ folder: RunFolder) throws {
    let weights = try Weights(run: folder, trained.weights)
    try weights.write(to: URL(systemPath: out))
    let values = weights.state.parameters.reduce(0) { $0 + $1.values.count }
    try say(
      "\(out): \(counted(weights.state.parameters.count, "tensor")), \(counted(values, "value")), "
        + "of epoch \(weights.epoch)",
      Figures(
        run: folder.url.path, format: format, out: out, epoch: weights.epoch,
        tensors: weights.state.parameters.count, values: values))
  }

  private func writeONNX(_ folder: RunFolder, _ part: ModelPart) throws {
    let weights = try weights(folder)
    let model = try ONNXModel(weights, part: part, facts: ONNXModel.facts(weights, manifest(folder)))
    try model.write(to: URL(systemPath: out))
    func names(_ values: [ONNXValueInfoProto]) -> String { values.map(\.name).joined(separator: ", ") }
    try say(
      "\(out): \(part.rawValue) of \(weights.configuration.model.rawValue), epoch \(weights.epoch), ONNX operators "
        + "\(ONNXModel.operatorSet) · \(names(model.message.graph.input)) → \(names(model.message.graph.output))",
      Figures(run: folder.url.path, format: format, out: out, epoch: weights.epoch))
  }

  // MARK: - History

  private func writeEvents(_ folder: RunFolder) throws {
    guard let epochs = try manifest(folder)?.epochs, !epochs.isEmpty else {
      throw CommandFailure("\(trained.run) has not completed an epoch yet: there is no history to export")
    }
    let place = URL(systemPath: out, isDirectory: true)
    try EventFile.write(epochs, of: folder, to: place)
    try say(
      "\(out): \(counted(epochs.count, "epoch")); look at them with: tensorboard --logdir \(shellQuoted(path: out))",
      Figures(
        run: folder.url.path, format: format, out: out, epoch: epochs.last!.epoch, epochCount: epochs.count))
  }

  // MARK: - Codes

  private func writePoints(_ folder: RunFolder, _ kind: FileKind) throws {
    let weights = try weights(folder)
    let dataset = try data.load(of: folder)
    let backend = try device.open(isAside: output.json)
    let (all, indices) = try dataset.images(of: split ?? .test, weights.configuration)
    let chosen = Array((indices ?? Array(0..<UInt32(all.count))).prefix(count ?? .max))
    let images = try ImageSet(
      pixels: chosen.flatMap { all.image(Int($0)) },
      labels: all.labels.map { labels in chosen.map { labels[Int($0)] } },
      shape: all.shape)
    let rows = try Evaluator(weights, images: images, backend: backend, mode: .mean, noise: 0).codes()
    let codes = Matrix(rows: rows.count, columns: rows[0].count, values: rows.flatMap { $0 })
    let points = Points(images, classNames: dataset.classNames, indices: chosen.map { Int($0) })
    let figures = Figures(
      run: folder.url.path, format: format, out: out, epoch: weights.epoch, images: images.count,
      latent: codes.columns)
    if kind == .projector {
      try ProjectorFiles(codes: codes, points, name: weights.configuration.model.rawValue)
        .write(to: URL(systemPath: out, isDirectory: true))
      return try say(
        "\(out): \(counted(images.count, "code")) of \(counted(codes.columns, "number")); look at them with: "
          + "tensorboard --logdir \(shellQuoted(path: out))", figures)
    }
    let places = try PCA(codes).project(codes, onto: 2)
    try PointTable(places: places, points).write(to: URL(systemPath: out))
    try say(
      "\(out): \(counted(images.count, "point")) by PCA; look at them with: "
        + "embedding-atlas \(shellQuoted(path: out)) --x x --y y --image image", figures)
  }
}
