import ArgumentParser
import Foundation
import Models
import Training

/// The model and its settings, for commands that make a configuration.
struct ModelOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The model: \(ModelOptions.names).", valueName: "model"),
    completion: .list(ModelKind.allCases.map(\.rawValue)))
  var model: String?

  @Option(
    help: ArgumentHelp("Settings from a YAML file, such as a run's config.yaml.", valueName: "file"),
    completion: .file(extensions: ["yaml"]))
  var config: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Settings, such as latent=4 filters=8,16,32; a wrong key lists them all.", valueName: "key=value"))
  var set: [String] = []

  @Option(help: "Images in a step.")
  var batchSize: String?

  static var names: String { ModelKind.allCases.map(\.rawValue).joined(separator: ", ") }

  /// The configuration: the model's defaults, then the file, then `--set`, then options of their own (`more`).
  ///
  /// Throws: `ConfigurationError`, `UsageError`.
  func configuration(_ more: [(key: String, value: String?)] = []) throws -> Configuration {
    var pairs: [(key: String, value: String)] = []
    if let config { pairs += try ConfigurationFile.pairs(contentsOf: URL(fileURLWithPath: config)) }
    var settings = set
    var name = model
    // `--set` takes all that follows it, so a model at the end of the line lands there.
    if name == nil, let last = settings.last, !last.contains("=") { name = settings.removeLast() }
    pairs += try settings.map(keyValue)
    for (key, value) in more + [("batch-size", batchSize)] {
      if let value { pairs.append((key, value)) }
    }
    guard let name = name ?? pairs.last(where: { $0.key == "model" })?.value else {
      throw UsageError("which model? Name one of \(Self.names)")
    }
    var configuration = Configuration(try ModelKind(name: name))
    for (key, value) in pairs { try configuration.set(key, value) }
    try configuration.validate()
    return configuration
  }
}
