import ArgumentParser
import Datasets
import Foundation
import Models
import Pictures
import Training

/// `facsimile reconstruct`
struct ReconstructCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconstruct",
    abstract: "Writes a picture of images over what a trained model makes of them.",
    discussion: """
      A variational autoencoder decodes the mean of its code. A denoising autoencoder sees images with its noise.

      Examples:
        facsimile reconstruct runs/conv-autoencoder-1 --out pictures.png
        facsimile reconstruct runs/vae-1 --out pictures.png --count 40 --split train
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

  @Option(help: "The images: \(Split.allCases.map(\.rawValue).joined(separator: ", ")).")
  var split = Split.test

  private static let columns = 10

  func run() throws {
    guard out.lowercased().hasSuffix(".png") else {
      throw UsageError("--out is '\(out)': expected a .png file")
    }
    try require("--count", count, in: 1...10_000)
    let folder = try trained.folder()
    let weights = try Weights(run: folder, trained.weights)
    guard !weights.configuration.classifies else {
      throw UsageError("\(trained.run) is a classifier: it makes no images; name a run of an autoencoder")
    }
    let dataset = try data.load(of: folder)
    let backend = try device.open(isAside: false)
    let (all, indices) = try dataset.images(of: split, weights.configuration)
    let chosen = Array((indices ?? Array(0..<UInt32(all.count))).prefix(count))
    let few = try ImageSet(pixels: chosen.flatMap { all.image(Int($0)) }, shape: all.shape)
    let outputs = try Evaluator(weights, images: few, backend: backend, mode: .mean).outputs()
    let originals = (0..<few.count).map { Picture(planar: few.image($0), shape: few.shape) }
    let made = outputs.map { Picture(planar: $0.map(Picture.shade), shape: few.shape) }
    try ImageGrid().picture(originals, over: made, columns: min(Self.columns, few.count))
      .write(to: URL(fileURLWithPath: out))
    Console.say("picture: \(out) (\(few.count) images of \(dataset.name), originals over reconstructions)")
  }
}
