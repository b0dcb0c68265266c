import Numerics
import Programs

/// The family of models. A new one is a case here and a file of its own.
public enum ModelKind: String, Hashable, Sendable, Codable {
  case convAutoencoder = "conv-autoencoder"
  case denoisingAutoencoder = "denoising-autoencoder"
  case classifier
  case vae
  case convVAE = "conv-vae"
  /// Layers that a program puts together: see ``Configuration/init(_:loss:)``.
  case custom

  /// What makes this model the model it is.
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
  /// Throws: ``ConfigurationError`` listing the family.
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
  /// The models that have a name of their own.
  public static let allCases: [ModelKind] = [
    .convAutoencoder, .denoisingAutoencoder, .classifier, .vae, .convVAE,
  ]
}

/// A model as a recipe: which settings it starts from, and which layers a configuration gives.
package protocol ModelDefinition {
  /// One line for people.
  static var summary: String { get }
  /// The losses it can be trained with, its default first.
  static var losses: [Loss] { get }
  /// Keys of ``ConfigurationKey`` that mean something to this model but not to every model.
  static var keys: Set<String> { get }
  /// Puts the sizes of the model's layers into a fresh configuration.
  static func setLayers(_ configuration: inout Configuration)
  /// Puts what it is trained with into a configuration that has a cosine schedule and an epoch of warm-up.
  ///
  /// Found by `facsimile search` on validation images of MNIST; `docs/results.md` says what each reaches, as a mean
  /// over seeds.
  static func setRecipe(_ configuration: inout Configuration)
  /// The layers.
  static func architecture(_ configuration: Configuration) -> Architecture
}
