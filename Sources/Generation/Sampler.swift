import Models
import Training

/// Samplers of latent codes.
public enum Sampler: String, CaseIterable, Sendable {
  /// A variational autoencoder's prior: standard normal numbers.
  case prior
  /// The normal distribution, with full covariance, of the training images' codes.
  case gaussian
  /// A mixture of normal distributions fitted to the training images' codes.
  case mixture
  /// For a variational autoencoder: a mixture fitted to the means of the training images' posteriors, widened by their
  /// variances. After Dai & Wipf, "Diagnosing and enhancing VAE models" (ICLR 2019), with a mixture as second stage.
  case twoStage = "two-stage"
  /// Uniform over the box that holds the training images' codes.
  case uniform

  /// The default sampler for a model: the prior, if it has one.
  public init(for configuration: Configuration) {
    self = configuration.architecture.isVariational ? .prior : .gaussian
  }

  /// Whether it is fitted to the codes of training images.
  package var isFitted: Bool { self != .prior }

  /// Whether it is a mixture, for which a number of components can be given.
  package var isMixture: Bool { self == .mixture || self == .twoStage }

  /// Maximum width of a code for a full covariance.
  static let widestCovariance = 512

  /// Throws: `TrainingError` if the sampler does not fit the model, or codes are too wide for a covariance.
  package func require(_ configuration: Configuration) throws {
    let model = configuration.model.rawValue
    guard !configuration.classifies else {
      throw TrainingError(.model, "\(model) gives classes and makes no images: name a run of an autoencoder")
    }
    guard configuration.architecture.isVariational || (self != .prior && self != .twoStage) else {
      throw TrainingError(
        .model,
        "\(model) has no \(self == .prior ? "prior" : "posterior"), which the sampler \(rawValue) needs: choose gaussian, "
          + "mixture or uniform, or a run of vae or conv-vae")
    }
    let width = try configuration.codeWidth
    guard width <= Self.widestCovariance || self == .prior || self == .uniform else {
      throw TrainingError(
        .model,
        "the model's codes have \(width) values, and the sampler \(rawValue) fits a covariance of at most "
          + "\(Self.widestCovariance): choose \(configuration.architecture.isVariational ? "prior or uniform" : "uniform")"
      )
    }
  }
}

extension Configuration {
  /// Values of a latent code.
  package var codeWidth: Int {
    get throws {
      let architecture = architecture
      return try architecture.shapes()[architecture.codeLayer].count
    }
  }
}
