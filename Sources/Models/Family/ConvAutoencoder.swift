import Programs

/// The convolutional autoencoder.
enum ConvAutoencoder: ModelDefinition {
  static let summary = "convolutional autoencoder"
  static let losses: [Loss] = [.meanSquaredError, .binaryCrossEntropy]
  static let keys = ConvolutionalStages.keys

  static func setLayers(_ configuration: inout Configuration) {}

  static func setRecipe(_ configuration: inout Configuration) {
    configuration.epochs = 30
    configuration.batchSize = 32
    configuration.learningRate = 0.003
    configuration.beta2 = 0.97
    configuration.weightDecay = 3e-6
  }

  static func architecture(_ configuration: Configuration) -> Architecture {
    ConvolutionalStages(configuration).autoencoder(noise: 0)
  }
}
