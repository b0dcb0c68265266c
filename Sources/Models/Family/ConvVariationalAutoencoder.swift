import Programs

/// The variational autoencoder with the convolutional encoder and decoder; outputs are logits.
enum ConvVariationalAutoencoder: ModelDefinition {
  static let summary = "convolutional variational autoencoder"
  static let losses: [Loss] = [.binaryCrossEntropy, .importanceWeighted]
  static let keys = ConvolutionalStages.keys.union([
    "binarise", "importance-samples", "kl-weight", "kl-warm-up",
  ])

  static func setLayers(_ configuration: inout Configuration) { configuration.latent = 2 }

  static func setRecipe(_ configuration: inout Configuration) {
    configuration.batchSize = 64
    configuration.learningRate = 0.004
    // Without these, some seeds lose numbers of the code in the first epochs: their posterior stays the prior.
    configuration.activation = .leakyReLU
    configuration.klWarmUp = 5
  }

  static func architecture(_ configuration: Configuration) -> Architecture {
    let stages = ConvolutionalStages(configuration)
    return Architecture(
      input: stages.input,
      encoder: stages.trunk + [.posterior("encoder", latent: configuration.latent)],
      decoder: stages.decoder(activation: .identity))
  }
}
