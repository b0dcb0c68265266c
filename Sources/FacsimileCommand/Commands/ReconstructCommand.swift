import ArgumentParser
import Datasets
import Foundation
import Models
import Pictures
import Training
import Views

/// `facsimile reconstruct`
struct ReconstructCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconstruct",
    abstract: "Writes a picture of images over what a trained model makes of them.",
    discussion: """
      A variational autoencoder decodes the mean of its code. A denoising autoencoder sees images with its noise. With \
      --noise, the noisy images stand between the clean ones and the reconstructions.

      Examples:
        facsimile reconstruct runs/conv-autoencoder-1 --out pictures.png
        facsimile reconstruct runs/vae-1 --out pictures.png --count 40 --split train
        facsimile reconstruct runs/denoising-autoencoder-1 --out pictures.png --noise 0.5 --per-class
      """)

  @OptionGroup var trained: RunOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions

  @Option(
    help: ArgumentHelp("The picture to write, a .png.", valueName: "file"),
    completion: .file(extensions: ["png"]))
  var out: String

  @Option(help: "How many images, the first of the split.")
  var count = 20

  @Flag(help: "Take the first image of every class, then the second, and so on; a column for each class.")
  var perClass = false

  @Option(
    help: ArgumentHelp(
      "Add noise of this factor to the images, whatever the model was trained with.", valueName: "factor"))
  var noise: Double?

  @Option(help: "The images: \(Split.allCases.map(\.rawValue).joined(separator: ", ")).")
  var split = Split.test

  private static let columns = 10

  func run() throws {
    let file = try OutputFile(out, kinds: [.png])
    try require("--count", count, in: 1...10_000)
    try requireNoise(noise)
    let folder = try trained.folder()
    let weights = try Weights(run: folder, trained.weights)
    guard !weights.configuration.classifies else {
      throw UsageError("\(trained.run) is a classifier: it makes no images; name a run of an autoencoder")
    }
    let dataset = try data.load(of: folder)
    let backend = try device.open(isAside: false)
    let (all, indices) = try dataset.images(of: split, weights.configuration)
    let (chosen, columns) = try choose(from: all, indices ?? Array(0..<UInt32(all.count)), dataset)
    let few = try ImageSet(pixels: chosen.flatMap { all.image(Int($0)) }, shape: all.shape)
    let outputs = try Evaluator(weights, images: few, backend: backend, mode: .mean, noise: noise).outputs()
    var rows = [(0..<few.count).map { Picture(planar: few.image($0), shape: few.shape) }]
    if let noise {
      let seed = weights.configuration.seed
      rows.append(
        (0..<few.count).map { index in
          let values = NoisyImage.values(few.image(index), index: UInt32(index), seed: seed, factor: noise)
          return Picture(planar: values.map(Picture.shade), shape: few.shape)
        })
    }
    rows.append(outputs.map { Picture(planar: $0.map(Picture.shade), shape: few.shape) })
    try ImageGrid().picture(stacked: rows, columns: columns).write(to: file.url)
    let middle = noise == nil ? "" : "noisy images over "
    Console.say(
      "picture: \(out) (\(few.count) images of \(dataset.name), originals over \(middle)reconstructions)")
  }

  /// Which images, and how many stand in a row.
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
    // Whole rows: a class that has fewer images than others ends them.
    let rounds = (0..<(ofClass.map(\.count).min() ?? 0)).map { round in ofClass.map { $0[round] } }
    return (rounds.prefix(max(1, count / ofClass.count)).flatMap { $0 }, ofClass.count)
  }
}
