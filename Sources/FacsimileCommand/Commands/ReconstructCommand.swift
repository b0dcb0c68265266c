import ArgumentParser
import Datasets
import Foundation
import Models
import Numerics
import Pictures
import Training
import Views

/// `facsimile reconstruct`
struct ReconstructCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconstruct",
    abstract: "Writes a picture of images above their reconstructions by a trained model.",
    discussion: """
      A variational autoencoder decodes the posterior mean. A denoising autoencoder gets noisy images; --noise sets the \
      noise of any autoencoder. Noisy images are shown between the clean ones and the reconstructions.

      Examples:
        facsimile reconstruct runs/conv-autoencoder-1 --out pictures.png
        facsimile reconstruct runs/vae-1 --out pictures.png --count 40 --split train
        facsimile reconstruct runs/denoising-autoencoder-1 --out pictures.png --noise 0.5 --per-class
      """)

  @OptionGroup var trained: RunOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions

  @Option(
    help: ArgumentHelp("The .png file to write.", valueName: "file"),
    completion: .file(extensions: ["png"]))
  var out: String

  @Option(help: "Number of images, from the start of the split.")
  var count = 20

  @Flag(help: "Show one column per class: the first image of each class, then the second, and so on.")
  var perClass = false

  @Option(
    help: ArgumentHelp(
      "Standard deviation of noise added to the images (default: as in training; 0: none).",
      valueName: "number"))
  var noise: Double?

  @Option(help: "The images: \(Split.allCases.map(\.rawValue).joined(separator: ", ")).")
  var split = Split.test

  @OptionGroup var output: OutputOptions

  private static let columns = 10

  private struct Figures: Encodable {
    let run: String
    let model: String
    let epoch: Int
    let dataset: String
    let split: String
    let device: String
    let images: Int
    /// Standard deviation of the noise.
    let noise: Double
    /// Size of the picture in pixels.
    let width: Int
    let height: Int
    let out: String
  }

  func run() throws {
    let file = try OutputFile(out, kinds: [.png])
    try require("--count", count, in: 1...10_000)
    try requireNoise(noise)
    let folder = try trained.folder()
    let weights = try Weights(run: folder, trained.weights)
    guard !weights.configuration.classifies else {
      throw UsageError(
        "\(trained.run) is a classifier: it does not reconstruct images; name a run of an autoencoder")
    }
    let dataset = try data.load(of: folder)
    let backend = try device.open(isAside: output.json)
    let (all, indices) = try dataset.images(of: split, weights.configuration)
    let (chosen, columns) = try choose(from: all, indices ?? Array(0..<UInt32(all.count)), dataset)
    let few = try ImageSet(pixels: chosen.flatMap { all.image(Int($0)) }, shape: all.shape)
    let outputs = try Evaluator(weights, images: few, backend: backend, mode: .mean, noise: noise).outputs()
    let factor = noise ?? weights.configuration.noise
    let (seed, isNoisy) = (weights.configuration.seed, factor > 0)
    var rows = [
      (
        isNoisy ? "clean" : "original",
        (0..<few.count).map { Picture(planar: few.image($0), shape: few.shape) }
      )
    ]
    if isNoisy {
      let noisy = (0..<few.count).map { index in
        let values = NoisyImage.values(few.image(index), index: UInt32(index), seed: seed, factor: factor)
        return Picture(values: values, shape: few.shape)
      }
      rows.append(("noisy", noisy))
    }
    rows.append(("output", outputs.map { Picture(values: $0, shape: few.shape) }))
    let picture = LabelledGrid(Self.grid(few.shape)).picture(rows, columns: columns)
    try picture.write(to: file.url)
    if output.json {
      return try Console.json(
        Figures(
          run: folder.url.path, model: weights.configuration.model.rawValue, epoch: weights.epoch,
          dataset: dataset.name, split: split.rawValue, device: backend.device.identifier,
          images: few.count, noise: factor, width: picture.width, height: picture.height, out: out))
    }
    let middle = isNoisy ? "noisy images over " : ""
    Console.say(
      "picture: \(out) (\(counted(few.count, "image")) of \(dataset.name), originals over \(middle)reconstructions)"
    )
  }

  /// Tiles of 80 pixels or more.
  private static func grid(_ shape: ImageShape) -> ImageGrid {
    let longest = max(shape.width, shape.height)
    return ImageGrid(scale: max(1, (79 + longest) / longest))
  }

  /// The images to show, and the number of columns.
  private func choose(
    from images: ImageSet, _ indices: [UInt32], _ dataset: Dataset
  ) throws -> (indices: [UInt32], columns: Int) {
    guard perClass else { return (Array(indices.prefix(count)), min(Self.columns, count, indices.count)) }
    guard let labels = images.labels else {
      throw CommandFailure("--per-class needs classes, and \(dataset.name) has none")
    }
    var ofClass = [[UInt32]](repeating: [], count: dataset.classCount)
    for index in indices { ofClass[Int(labels[Int(index)])].append(index) }
    ofClass.removeAll(where: \.isEmpty)
    // Only complete rows: the smallest class limits them.
    let rounds = (0..<(ofClass.map(\.count).min() ?? 0)).map { round in ofClass.map { $0[round] } }
    return (rounds.prefix(max(1, count / ofClass.count)).flatMap { $0 }, ofClass.count)
  }
}
