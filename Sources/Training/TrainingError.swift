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

  /// What would help; whoever talks to the user says how it is done there.
  package enum Remedy: Hashable, Sendable {
    /// To resume the run in this folder.
    case goOn(folder: String)
    /// To resume the run in this folder from a checkpoint before its last.
    case goOnFrom(folder: String, checkpoint: String)
    /// To begin a new run with the weights of the run in this folder.
    case beginAnew(model: String, from: String)
    /// To give the weights that the configuration was made with.
    case giveWeights
  }

  /// What kind of thing is wrong.
  public let kind: Kind
  /// One clear line.
  public let description: String
  /// What would help, where that is known.
  package let remedy: Remedy?

  /// An error of `kind` that reads `message`.
  package init(_ kind: Kind, _ message: String, remedy: Remedy? = nil) {
    self.kind = kind
    description = message
    self.remedy = remedy
  }
}
