import Models

/// The size of a study.
struct Budget: Sendable {
  /// Number of seeds for the figures of the summary table.
  let seeds: Int
  /// Epochs of the plain and of the denoising autoencoder.
  let autoencoder: Int
  /// Epochs of the classifier's last two layers.
  let head: Int
  /// Epochs of the whole classifier, from the encoder and from scratch.
  let classifier: Int
  /// Epochs of the variational autoencoders.
  let variational: Int
  /// Trials of the search, and epochs of the longest.
  let search: (trials: Int, epochs: Int)
  /// Folds of the cross-validation, and epochs of each.
  let folds: (count: Int, epochs: Int)
  /// Test images on the map of codes.
  let mapImages: Int
  /// Maximum number of training images for scoring samples, which needs a classifier.
  let judgedImages: Int

  static let whole = Budget(
    seeds: 3, autoencoder: 30, head: 20, classifier: 40, variational: 20, search: (12, 9), folds: (5, 10),
    mapImages: 10_000, judgedImages: .max)
  static let quick = Budget(
    seeds: 1, autoencoder: 7, head: 3, classifier: 3, variational: 2, search: (4, 1), folds: (3, 2),
    mapImages: 2_000, judgedImages: 20_000)
}

/// The settings of a study's trainings, besides the models' own recipes.
enum Recipes {
  typealias Settings = [(key: String, value: String)]

  /// Epochs whose reconstructions are shown.
  static let firstEpochs = 7
  /// Noise levels at which denoising is better in the published study.
  static let publishedNoises = [0.2, 0.4, 0.6, 0.8, 1]
  /// Latent widths of the variational autoencoders: for the map and for sampling.
  static let latents = (map: 2, samples: 10)

  /// The classifier's last two layers on the autoencoder's encoder. Together they are one linear map of 64 features,
  /// for which the recipe of the whole classifier is unsuitable.
  static let head: Settings = [
    ("learning-rate", "0.01"), ("batch-size", "64"), ("dropout", "0"), ("weight-decay", "0"),
    ("trainable", "last-2"),
  ]

  /// The recipe of a model with these settings.
  ///
  /// - Throws: `ConfigurationError`.
  static func configuration(
    _ model: ModelKind, _ settings: Settings = [], epochs: Int, seed: UInt64
  ) throws -> Models.Configuration {
    try Configuration(model, settings + [("epochs", "\(epochs)"), ("seed", "\(seed)")])
  }

  /// The space of the published search, `tools/study-grid.yaml`: 49,152 trials of a few epochs.
  ///
  /// A sample of it is searched by successive halving.
  static func searchSpace(_ budget: Budget, isFull: Bool, seed: UInt64) -> String {
    let way =
      isFull
      ? "strategy: grid"
      : "strategy: \(budget.search.epochs > 1 ? "halving" : "random")\ntrials: \(budget.search.trials)"
    return """
      model: conv-autoencoder
      \(way)
      epochs: \(isFull ? 2 : budget.search.epochs)
      fixed:
        batch-size: 128
        schedule: constant
        warm-up: 0
        seed: \(seed)
      space:
        latent: [2, 4, 10, 128]
        filters: {layers: [&filters [8, 16, 32, 64], *filters, *filters]}
        hidden: [32, 64, 128]
        dropout: [0, 0.25, 0.5, 0.75]
        learning-rate: [0.1, 0.02, 0.01, 0.001]
        weight-decay: [1e-3, 1e-4, 1e-5, 0]

      """
  }
}

/// Figures of the published study, on MNIST.
enum Published {
  /// Test MSE of the autoencoder.
  static let meanSquaredError = 0.016
  /// Test accuracy of the last two layers alone.
  static let headAccuracy = 0.967
  /// Test accuracy of all layers, from that encoder.
  static let classifierAccuracy = 0.989
  /// Its cross-entropy.
  static let classifierLoss = 0.099
}

/// PyTorch's figures on MNIST's test images with the same settings, one seed: `train_reference.py --config` with the
/// `config.yaml` of a study's runs.
enum PyTorch {
  /// How it was trained, for the report.
  static let settings = "2.13 on a CPU, the same settings, one seed"
  /// Test MSE of the autoencoder.
  static let meanSquaredError = 0.011274
  /// Test accuracy of the last two layers alone, on an encoder of ours.
  static let headAccuracy = 0.9789
  /// Test accuracy of all layers, from an encoder of ours.
  static let classifierAccuracy = 0.9925
  /// Its cross-entropy.
  static let classifierLoss = 0.020388
  /// Test accuracy of all layers, from scratch.
  static let scratchAccuracy = 0.9915
  /// Negative ELBO by model and width of the code.
  static let elbo = ["vae-2": 139.11, "vae-10": 99.54, "conv-vae-2": 143.57, "conv-vae-10": 102.71]
}
