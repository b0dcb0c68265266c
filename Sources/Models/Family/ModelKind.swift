import Numerics
import Programs

/// The models. A new one needs a case here and its own file.
public enum ModelKind: String, Hashable, Sendable, Codable {
  case convAutoencoder = "conv-autoencoder"
  case denoisingAutoencoder = "denoising-autoencoder"
  case classifier
  case vae
  case convVAE = "conv-vae"
  /// Layers composed by a library user: see ``Configuration/init(_:loss:)``.
  case custom

  /// The definition of the model.
  package var definition: any ModelDefinition.Type {
    switch self {
    case .convAutoencoder: ConvAutoencoder.self
    case .denoisingAutoencoder: DenoisingAutoencoder.self
    case .classifier: Classifier.self
    case .vae: VariationalAutoencoder.self
    case .convVAE: ConvVariationalAutoencoder.self
    case .custom: CustomModel.self
    }
  }

  /// The model called `name`.
  ///
  /// Throws: ``ConfigurationError`` that lists the models.
  public init(name: String) throws {
    guard let kind = ModelKind(rawValue: name), kind != .custom else {
      let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw ConfigurationError(
        name == Self.custom.rawValue
          ? "a custom model is trained by the program that made its layers: expected one of \(names)"
          : "unknown model '\(name)'\(didYouMean(name, among: Self.allCases.map(\.rawValue))): expected one of \(names)"
      )
    }
    self = kind
  }
}

extension ModelKind: CaseIterable {
  /// All models except custom ones.
  public static let allCases: [ModelKind] = [
    .convAutoencoder, .denoisingAutoencoder, .classifier, .vae, .convVAE,
  ]
}

/// The definition of a model: its default settings and its layers.
package protocol ModelDefinition {
  /// A one-line description.
  static var summary: String { get }
  /// The losses it can be trained with, the default first.
  static var losses: [Loss] { get }
  /// Keys of ``ConfigurationKey`` that this model has but not every model.
  static var keys: Set<String> { get }
  /// Sets the layer sizes in a new configuration.
  static func setLayers(_ configuration: inout Configuration)
  /// Sets the training recipe in a configuration with a cosine schedule and one epoch of warm-up.
  ///
  /// Found by `facsimile search` on validation images of MNIST; `docs/results.md` has the results, as means
  /// over seeds.
  static func setRecipe(_ configuration: inout Configuration)
  /// The layers.
  static func architecture(_ configuration: Configuration) -> Architecture
}
