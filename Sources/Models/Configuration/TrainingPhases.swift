/// Which layers train, and for how many epochs: `last-2:5,all:10@0.0001`.
public struct TrainingPhases: Hashable, Sendable, CustomStringConvertible {
  /// Layers that train together.
  public enum Layers: Hashable, Sendable {
    /// All of them.
    case all
    /// The last N layers with parameters.
    case last(Int)
  }

  /// A number of epochs with one set of trainable layers. The optimizer is reset in every phase.
  public struct Phase: Hashable, Sendable {
    /// What trains.
    public let layers: Layers
    /// Number of epochs; nil: ``Configuration/epochs``.
    public let epochs: Int?
    /// Learning rate; nil: ``Configuration/learningRate``.
    public let learningRate: Double?
  }

  /// One or more phases.
  public let phases: [Phase]

  /// Everything, from the first epoch to the last.
  public static let everything = TrainingPhases(
    phases: [Phase(layers: .all, epochs: nil, learningRate: nil)])

  private init(phases: [Phase]) { self.phases = phases }

  /// Phases from text: `all`, `last-N`, each with optional `:EPOCHS` and `@RATE`. With several phases each must give
  /// its epochs.
  public init?(text: String) {
    var phases: [Phase] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let withRate = part.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
      let withEpochs = withRate[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      var epochs: Int?
      var rate: Double?
      if withEpochs.count == 2 {
        guard let count = Int(withEpochs[1]), (1...100_000).contains(count) else { return nil }
        epochs = count
      }
      if withRate.count == 2 {
        guard let value = Double(withRate[1]), (0...100).contains(value) else { return nil }
        rate = value
      }
      guard let layers = Layers(text: withEpochs[0]) else { return nil }
      phases.append(Phase(layers: layers, epochs: epochs, learningRate: rate))
    }
    guard phases.count == 1 || phases.allSatisfy({ $0.epochs != nil }) else { return nil }
    self.init(phases: phases)
  }

  /// The text that ``init(text:)`` reads.
  public var description: String {
    phases.map { phase in
      phase.layers.description + (phase.epochs.map { ":\($0)" } ?? "")
        + (phase.learningRate.map { "@\($0)" } ?? "")
    }.joined(separator: ",")
  }

  /// Epochs of all phases.
  package func epochs(default epochs: Int) -> Int { phases.reduce(0) { $0 + ($1.epochs ?? epochs) } }

  /// The phase of `epoch` (from 1), and the number of epochs before that phase.
  package func phase(of epoch: Int, default epochs: Int) -> (index: Int, epochsBefore: Int) {
    var before = 0
    for (index, phase) in phases.enumerated().dropLast() {
      let count = phase.epochs ?? epochs
      if epoch <= before + count { return (index, before) }
      before += count
    }
    return (phases.count - 1, before)
  }

  /// Throws: ``ConfigurationError`` if a phase names more layers than the model has.
  func validate(for configuration: Configuration) throws {
    guard phases.contains(where: { $0.layers != .all }) else { return }
    let modules = try ParameterTable(configuration.architecture).moduleCount
    for case .last(let count) in phases.map(\.layers) where count > modules {
      throw ConfigurationError(
        "trainable is '\(self)': expected at most last-\(modules), as many layers as the model has")
    }
  }
}

extension TrainingPhases.Layers: CustomStringConvertible {
  init?(text: Substring) {
    if text == "all" {
      self = .all
    } else if text.hasPrefix("last-"), let count = UInt16(text.dropFirst(5)), count > 0, !text.contains("+") {
      self = .last(Int(count))
    } else {
      return nil
    }
  }

  /// `all` or `last-2`.
  public var description: String {
    switch self {
    case .all: "all"
    case .last(let count): "last-\(count)"
    }
  }
}
