import Programs

/// The variational autoencoder with the convolutional encoder and decoder; outputs are logits.
enum ConvVariationalAutoencoder: ModelDefinition {
  static let summary = "convolutional variational autoencoder"
  static let losses: [Loss] = [.binaryCrossEntropy]
  static let keys: Set<String> = ["filters", "kl-weight", "kl-warm-up"]

  static func setDefaults(_ configuration: inout Configuration) { configuration.latent = 2 }

  static func architecture(_ configuration: Configuration) -> Architecture {
    Architecture(
      input: ConvolutionalStages.input,
      encoder: ConvolutionalStages.trunk(configuration)
        + [Layer("encoder", .posterior(latent: configuration.latent))],
      decoder: ConvolutionalStages.decoder(configuration, activation: .identity))
  }
}
