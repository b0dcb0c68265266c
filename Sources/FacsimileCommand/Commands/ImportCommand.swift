import ArgumentParser
import Foundation
import Models
import Storage
import Training

/// `facsimile import`
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Makes a run of weights with PyTorch's names and layouts.",
    discussion: """
      Widths are taken from the tensors; other settings from the file's metadata, where Facsimile wrote it. The \
      run can be evaluated, reconstructed, exported and trained --from.

      Examples:
        facsimile import weights.safetensors --model conv-autoencoder --out runs/imported
        facsimile import cifar.safetensors --model conv-vae --image 3x32x32 --out runs/imported
        facsimile evaluate runs/imported --data mnist
      """)

  @Argument(help: "A .safetensors file.", completion: .file(extensions: ["safetensors"]))
  var file: String

  @Option(help: ArgumentHelp("The model: \(ModelOptions.names).", valueName: "model"))
  var model: String

  @Option(
    help: ArgumentHelp(
      "Shape of the images, as in 3x32x32 (default: as the file's metadata says, else 1x28x28).",
      valueName: "shape"))
  var image: String?

  @Option(help: ArgumentHelp("The run folder to make.", valueName: "run"), completion: .directory)
  var out: String

  func run() throws {
    let kind = try ModelKind(name: model)
    let url = URL(fileURLWithPath: file)
    let tensors = try SafeTensors(contentsOf: url)
    try tensors.requireWhole(url)
    let weights = try Weights(importing: tensors, model: kind, image: image)
    let place = try NewRunFolder(out, model: kind)
    do {
      try weights.write(to: place.folder.bestFile, of: nil)
      // Last, since it makes the folder a run folder.
      try place.folder.write(weights.configuration)
    } catch {
      place.remove()
      throw error
    }
    Console.say("run: \(place.folder.url.path) (\(weights.state.parameters.count) tensors)")
    Console.say("next: facsimile evaluate \(out)")
  }
}
