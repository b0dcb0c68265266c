import Programs

/// The convolutional encoder and one linear layer on its code; logits of ten classes.
enum Classifier: ModelDefinition {
  static let summary = "classifier on the convolutional encoder"
  static let losses: [Loss] = [.crossEntropy]
  static let keys: Set<String> = ["filters"]

  static func setDefaults(_ configuration: inout Configuration) {}

  static func architecture(_ configuration: Configuration) -> Architecture {
    Architecture(
      input: ConvolutionalStages.input,
      encoder: ConvolutionalStages.encoder(configuration),
      decoder: [Layer("head", .linear(outputs: ModelKind.classes))])
  }
}
