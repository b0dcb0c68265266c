import Programs

/// The convolutional autoencoder: an image through a narrow code and back.
enum ConvAutoencoder: ModelDefinition {
  static let summary = "convolutional autoencoder"
  static let losses: [Loss] = [.meanSquaredError, .binaryCrossEntropy]
  static let keys = ConvolutionalStages.keys

  static func setDefaults(_ configuration: inout Configuration) {}

  static func architecture(_ configuration: Configuration) -> Architecture {
    ConvolutionalStages(configuration).autoencoder(noise: 0)
  }
}
