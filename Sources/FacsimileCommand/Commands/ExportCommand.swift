import ArgumentParser
import Foundation
import Training

/// `facsimile export`
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes a trained model's weights under PyTorch's names and layouts.",
    discussion: """
      Examples:
        facsimile export runs/conv-autoencoder-1 --format safetensors --out weights.safetensors
        python -c "from safetensors.torch import load_file; print(load_file('weights.safetensors').keys())"
      """)

  /// What can be written.
  enum FileKind: String, CaseIterable, ExpressibleByArgument {
    case safetensors
  }

  @OptionGroup var trained: RunOptions

  @Option(help: "The kind of file: \(FileKind.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: FileKind

  @Option(help: ArgumentHelp("The file to write.", valueName: "file"), completion: .file())
  var out: String

  func run() throws {
    let weights = try Weights(run: trained.folder(), trained.weights)
    switch format {
    case .safetensors: try weights.write(to: URL(fileURLWithPath: out))
    }
    let values = weights.state.parameters.reduce(0) { $0 + $1.values.count }
    Console.say(
      "\(out): \(weights.state.parameters.count) tensors, \(Format.count(values)) values, "
        + "of epoch \(weights.epoch)")
  }
}
