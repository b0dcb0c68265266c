import ArgumentParser
import Datasets
import Foundation
import Models
import Numerics
import Programs
import Storage
import Training

/// `facsimile import`
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Imports weights with PyTorch's names and layouts as a run.",
    discussion: """
      Layer widths are taken from the tensors, other settings from the metadata if Facsimile wrote the file. F16, BF16 and \
      F64 are converted to F32 if no value changes. The run can be evaluated, reconstructed, exported and given to \
      'train --from'.

      Examples:
        facsimile import weights.safetensors --model conv-autoencoder --out runs/imported
        facsimile import cifar.safetensors --model conv-vae --image 3x32x32 --out runs/imported
        facsimile evaluate runs/imported --data mnist
      """)

  @Argument(help: "A safetensors file, with any name.", completion: .file(extensions: ["safetensors"]))
  var file: String

  @Option(help: ArgumentHelp("The model: \(ModelOptions.names).", valueName: "model"))
  var model: String

  @Option(
    help: ArgumentHelp(
      "Image shape, such as 3x32x32 (default: from the file's metadata, else 1x28x28).",
      valueName: "shape"))
  var image: String?

  @Option(help: ArgumentHelp("The run folder to create.", valueName: "run"), completion: .directory)
  var out: String

  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let run: String
    let model: String
    let epoch: Int
    let tensors: Int
    let stateSHA256: String
  }

  func run() throws {
    let kind = try ModelKind(name: model)
    let weights = try weights(kind)
    let place = try NewRunFolder(out, model: kind)
    do {
      try weights.write(to: place.folder.bestFile, of: nil)
      // Last, since it makes the folder a run folder.
      try place.folder.write(weights.configuration)
    } catch {
      place.remove()
      throw error
    }
    if output.json {
      return try Console.json(
        Figures(
          run: place.folder.url.path, model: kind.rawValue, epoch: weights.epoch,
          tensors: weights.state.parameters.count, stateSHA256: weights.state.sha256))
    }
    Console.say("run: \(place.folder.url.path) (\(counted(weights.state.parameters.count, "tensor")))")
    if let data = Self.example(weights.configuration.imageShape) {
      Console.say("next: facsimile evaluate \(shellQuoted(path: out)) --data \(data)")
    }
  }
  /// A known data set of images of this shape.
  private static func example(_ shape: MapShape) -> String? {
    switch (shape.channels, shape.height, shape.width) {
    case (1, 28, 28): KnownDataset.mnist.rawValue
    case (3, 32, 32): KnownDataset.cifar10.rawValue
    default: nil
    }
  }

  /// Throws: `TrainingError`, `SafeTensorsError`, `FileError`.
  private func weights(_ kind: ModelKind) throws -> Weights {
    let url = URL(systemPath: file)
    let tensors = try SafeTensors(contentsOf: url)
    try tensors.requireWhole(url)
    do {
      let weights = try Weights(importing: tensors, model: kind, image: image)
      for (name, type) in tensors.unreadable.sorted(by: { $0.key < $1.key }) {
        Console.warn(
          "ignored tensor '\(name)' of type \(type): \(kind.rawValue) has no tensor of that name")
      }
      return weights
    } catch let error as SafeTensorsError {
      throw error.naming(url.path)
    }
  }
}
