import Programs

/// The variational autoencoder of fully connected layers.
///
/// Source: Kingma & Welling, Auto-Encoding Variational Bayes (2014). No layer needs a map, so images enter and
/// leave as features: in PyTorch's order these are the same values in the same order.
enum VariationalAutoencoder: ModelDefinition {
  static let summary = "variational autoencoder of fully connected layers"
  static let losses: [Loss] = [.binaryCrossEntropy, .importanceWeighted]
  static let keys: Set<String> = [
    "activation", "dropout", "hidden", "latent", "image", "binarise", "importance-samples",
    "kl-weight", "kl-warm-up",
  ]

  static func setLayers(_ configuration: inout Configuration) {
    configuration.latent = 2
    configuration.hidden = [512, 256]
  }

  static func setRecipe(_ configuration: inout Configuration) {
    configuration.batchSize = 64
    configuration.learningRate = 0.002
  }

  static func architecture(_ configuration: Configuration) -> Architecture {
    let (widths, values) = (configuration.hidden, configuration.imageShape.count)
    return Architecture(
      input: .features(values),
      encoder: ConvolutionalStages.hidden("encoder", widths, configuration)
        + [.posterior("encoder", latent: configuration.latent)],
      decoder: ConvolutionalStages.hidden("decoder", widths.reversed(), configuration)
        + [.linear("decoder.fc\(widths.count + 1)", outputs: values)])
  }
}
