import ArgumentParser
import Foundation
import Models
import Storage
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
      "Settings, such as latent=4 filters=8,16,32.", discussion: ModelOptions.keys, valueName: "key=value"))
  var set: [String] = []

  @Option(help: "Images per step (default: \(ModelOptions.defaults(of: "batch-size"))).")
  var batchSize: String?

  static var names: String { ModelKind.allCases.map(\.rawValue).joined(separator: ", ") }

  /// Every key with its meaning, allowed values, default, and the models that have it.
  private static let keys = ConfigurationKey.all.dropFirst().compactMap { key -> String? in
    let models = key.models
    // Keys of custom models only are useless on the command line.
    guard let first = models.first else { return nil }
    let whose =
      models.count == ModelKind.allCases.count ? "" : " [\(models.map(\.rawValue).joined(separator: ", "))]"
    return "\(key.name): \(key.summary); \(key.allowed(first)) (default: \(defaults(key, models)))\(whose)"
  }.joined(separator: "\n")

  /// The default of a key for all models; see ``defaults(_:_:)``.
  static func defaults(of name: String) -> String {
    ConfigurationKey.all.first { $0.name == name }.map { defaults($0, $0.models) } ?? ""
  }

  /// `10, vae 2`: the most common default, then the models that differ.
  private static func defaults(_ key: ConfigurationKey, _ models: [ModelKind]) -> String {
    let values = models.map { ($0.rawValue, key.get(Configuration($0))) }
    let groups = Dictionary(grouping: values, by: \.1)
    let usual = values.map(\.1).max { groups[$0]!.count < groups[$1]!.count } ?? ""
    let others = values.filter { $0.1 != usual }.map { "\($0.0) \($0.1)" }
    return ([usual] + others).joined(separator: ", ")
  }

  /// The configuration: the model's defaults, then the file, then `--set`, then separate options (`more`).
  ///
  /// Throws: `ConfigurationError`, `UsageError`.
  func configuration(_ more: [(key: String, value: String?)] = []) throws -> Configuration {
    let file = try config.map { try ConfigurationFile.pairs(contentsOf: URL(systemPath: $0)) } ?? []
    var settings = set
    var name = model
    // `--set` consumes all following words, including a model at the end of the line.
    if name == nil, let last = settings.last, !last.contains("=") { name = settings.removeLast() }
    var given = try settings.map(keyValue)
    if let twice = Dictionary(grouping: given, by: \.key).first(where: { $0.value.count > 1 }) {
      throw UsageError("--set gives \(twice.key) twice: expected it once")
    }
    for (key, value) in more + [("batch-size", batchSize)] {
      if let value { given.append((key, value)) }
    }
    guard let name = name ?? (file + given).last(where: { $0.key == "model" })?.value else {
      throw UsageError("no model given: expected one of \(Self.names)")
    }
    var configuration = Configuration(try ModelKind(name: name))
    do {
      for (key, value) in file { try configuration.set(key, value) }
    } catch let error as ConfigurationError {
      throw UsageError("\(config ?? ""): \(error)")
    }
    for (key, value) in given { try configuration.set(key, value) }
    try configuration.validate()
    if more.contains(where: { $0.key == "epochs" && $0.value != nil }),
      configuration.trainable.phases.allSatisfy({ $0.epochs != nil })
    {
      throw UsageError(
        "--epochs has no effect if every phase sets its own epochs, as in '\(configuration.trainable)': "
          + "leave one of them out")
    }
    return configuration
  }
}
