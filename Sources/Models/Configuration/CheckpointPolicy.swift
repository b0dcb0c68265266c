/// Which checkpoints are kept in a run folder.
public enum CheckpointPolicy: Hashable, Sendable {
  /// The last one.
  case last
  /// One for every epoch.
  case all
  /// One every N epochs.
  case every(Int)

  /// Whether to keep the checkpoint after `epoch`.
  package func keeps(_ epoch: Int) -> Bool {
    switch self {
    case .last: false
    case .all: true
    case .every(let count): epoch % count == 0
    }
  }
}

extension CheckpointPolicy: CustomStringConvertible {
  /// `last`, `all` or a number of epochs.
  public init?(text: String) {
    switch text {
    case "last": self = .last
    case "all": self = .all
    default:
      guard let count = Int(text), (1...100_000).contains(count) else { return nil }
      self = .every(count)
    }
  }

  /// The text that ``init(text:)`` reads.
  public var description: String {
    switch self {
    case .last: "last"
    case .all: "all"
    case .every(let count): "\(count)"
    }
  }
}
