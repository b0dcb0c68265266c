import Programs

/// The convolutional encoder and one linear layer on its code; outputs are logits of classes.
enum Classifier: ModelDefinition {
  static let summary = "classifier on the convolutional encoder"
  static let losses: [Loss] = [.crossEntropy]
  static let keys = ConvolutionalStages.keys.union(["classes"])

  static func setLayers(_ configuration: inout Configuration) {}

  static func setRecipe(_ configuration: inout Configuration) {
    configuration.learningRate = 0.003
    configuration.weightDecay = 1e-4
    configuration.dropout = 0.1
    configuration.epochs = 40
  }

  static func architecture(_ configuration: Configuration) -> Architecture {
    let stages = ConvolutionalStages(configuration)
    return Architecture(
      input: stages.input, encoder: stages.encoder,
      decoder: [.linear("head", outputs: configuration.classCount)])
  }
}
