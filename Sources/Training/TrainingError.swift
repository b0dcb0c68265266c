import Models

/// Why training failed, and what to do about it.
public struct TrainingError: Error, CustomStringConvertible, Hashable, Sendable {
  /// The kind of error.
  public enum Kind: Hashable, Sendable {
    /// A loss, gradient or parameter is not finite.
    case notFinite
    /// The data do not fit the model or the run.
    case data
    /// An invalid run folder.
    case run
    /// Weights that do not fit the model.
    case weights
    /// Something that this kind of model does not support.
    case model
  }

  /// A remedy; the user interface says how to apply it.
  package enum Remedy: Hashable, Sendable {
    /// Resume the run in this folder.
    case goOn(folder: String)
    /// Resume the run in this folder from an earlier checkpoint.
    case goOnFrom(folder: String, checkpoint: String)
    /// Start a new run with the weights of the run in this folder.
    case beginAnew(model: String, from: String)
    /// Provide the weights that the configuration names.
    case giveWeights
  }

  /// The kind of error.
  public let kind: Kind
  /// The message, in one line.
  public let description: String
  /// A remedy, if known.
  package let remedy: Remedy?

  /// An error of `kind` that reads `message`.
  package init(_ kind: Kind, _ message: String, remedy: Remedy? = nil) {
    self.kind = kind
    description = message
    self.remedy = remedy
  }
}
