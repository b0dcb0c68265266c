import Models

/// Why training cannot go on, and what to do.
public struct TrainingError: Error, CustomStringConvertible, Hashable, Sendable {
  /// What kind of thing is wrong.
  public enum Kind: Hashable, Sendable {
    /// A loss, gradient or parameter is not finite.
    case notFinite
    /// The data are not those, or not such as, the model needs.
    case data
    /// A run folder that is not one, or does not fit.
    case run
    /// Weights that do not fit the model.
    case weights
    /// Something that a model of this kind cannot do.
    case model
  }

  /// What kind of thing is wrong.
  public let kind: Kind
  /// One clear line.
  public let description: String

  /// An error of `kind` that reads `message`.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    description = message
  }
}
