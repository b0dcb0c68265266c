import Programs

/// The family of models. A new one is a case here and a file of its own.
public enum ModelKind: String, CaseIterable, Hashable, Sendable, Codable {
  case convAutoencoder = "conv-autoencoder"
  case denoisingAutoencoder = "denoising-autoencoder"
  case classifier
  case vae
  case convVAE = "conv-vae"

  /// Side of the square images that every model takes.
  public static let side = 28
  /// Values of an image.
  public static let pixels = side * side
  /// Classes that a classifier tells apart.
  public static let classes = 10

  /// What makes this model the model it is.
  public var definition: any ModelDefinition.Type {
    switch self {
    case .convAutoencoder: ConvAutoencoder.self
    case .denoisingAutoencoder: DenoisingAutoencoder.self
    case .classifier: Classifier.self
    case .vae: VariationalAutoencoder.self
    case .convVAE: ConvVariationalAutoencoder.self
    }
  }

  /// The model called `name`.
  ///
  /// Throws: ``ConfigurationError`` listing the family.
  public init(name: String) throws {
    guard let kind = ModelKind(rawValue: name) else {
      let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw ConfigurationError("unknown model '\(name)': expected one of \(names)")
    }
    self = kind
  }
}

/// A model as a recipe: which settings it starts from, and which layers a configuration gives.
public protocol ModelDefinition {
  /// One line for people.
  static var summary: String { get }
  /// The losses it can be trained with, its default first.
  static var losses: [Loss] { get }
  /// Keys of ``ConfigurationKey`` that mean something to this model but not to every model.
  static var keys: Set<String> { get }
  /// Puts the model's own defaults into a fresh configuration.
  static func setDefaults(_ configuration: inout Configuration)
  /// The layers.
  static func architecture(_ configuration: Configuration) -> Architecture
}

/// A model's layers in order, and what is special about its ends.
public struct Architecture: Hashable, Sendable {
  /// Shape of one image as it enters: [1, 28, 28], or 784 features where no layer needs a map.
  public let input: MapShape
  /// The layers, first to last.
  public let layers: [Layer]
  /// Index of the layer whose output is the latent code.
  public let codeLayer: Int
  /// Noise added to the input, 0 for none.
  public let noise: Double

  /// Layers `encoder` followed by `decoder`; the code lies between them.
  public init(input: MapShape, encoder: [Layer], decoder: [Layer], noise: Double = 0) {
    self.input = input
    layers = encoder + decoder
    codeLayer = encoder.count - 1
    self.noise = noise
  }

  /// Whether the code is sampled from an approximate posterior.
  public var isVariational: Bool { layers[codeLayer].isPosterior }
}
