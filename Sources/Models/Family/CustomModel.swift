import Programs

/// A model with layers composed by a library user.
enum CustomModel: ModelDefinition {
  static let summary = "layers put together by a program"
  static let losses = Loss.allCases
  static let keys: Set<String> = [
    "architecture", "binarise", "importance-samples", "kl-weight", "kl-warm-up",
  ]

  static func setLayers(_ configuration: inout Configuration) {}
  static func setRecipe(_ configuration: inout Configuration) {}

  static func architecture(_ configuration: Configuration) -> Architecture {
    guard let architecture = configuration.layers else {
      preconditionFailure("a custom model's configuration is made with its architecture")
    }
    return architecture
  }
}
