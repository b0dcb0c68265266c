import Programs

/// The convolutional autoencoder with a noisy input; the target of the loss is the clean image.
///
/// Source: Vincent et al., Extracting and Composing Robust Features with Denoising Autoencoders (2008), with
/// normal noise.
enum DenoisingAutoencoder: ModelDefinition {
  static let summary = "convolutional autoencoder that removes noise"
  static let losses = ConvAutoencoder.losses
  static let keys = ConvolutionalStages.keys.union(["noise"])

  static func setLayers(_ configuration: inout Configuration) { configuration.noise = 0.5 }

  static func setRecipe(_ configuration: inout Configuration) { ConvAutoencoder.setRecipe(&configuration) }

  static func architecture(_ configuration: Configuration) -> Architecture {
    ConvolutionalStages(configuration).autoencoder(noise: configuration.noise)
  }
}
