import Foundation
import Models
import Storage

/// A validated search space and strategy.
package struct SearchSpace: Sendable {
  /// Overrides from the command line.
  package struct Changes: Sendable {
    /// How trials are chosen.
    package var strategy: Strategy?
    /// How many trials.
    package var trials: Int?
    /// Epochs of a trial.
    package var epochs: String?
    /// Random seed, of draws and of training.
    package var seed: String?

    /// No change.
    package init() {}
  }

  /// The model with the settings shared by all trials.
  package let base: Configuration
  /// The varied keys, in file order.
  package let axes: [Axis]
  /// How trials are chosen.
  package let strategy: Strategy
  /// How many trials.
  package let trials: Int
  /// Successive halving: one in this many trials continues.
  package let eta: Int
  /// Key of the draws.
  package let seed: UInt64
  /// Whether trials are drawn: always, except from a whole grid, which is enumerated.
  package private(set) var isDrawn: Bool

  /// Keys that change what the validation loss measures.
  static let incomparable: Set = ["loss", "kl-weight", "noise"]

  /// Maximum number of trials.
  static let mostTrials = 1_000_000

  /// Reads a space from YAML and checks everything that can be checked before training.
  ///
  /// - Throws: `SearchError`, or `ConfigurationError` if a key is unknown or a value not allowed.
  package init(_ text: String, _ changes: Changes = Changes()) throws {
    let file = try SpaceFile(text)
    guard let model = file.settings["model"] else {
      throw SearchError(.space, "the space names no model: expected a key 'model'")
    }
    var base = Configuration(try ModelKind(name: model))
    try Self.fix(&base, file, changes)
    var drawing = base
    if let seed = changes.seed { try drawing.set("seed", seed) }
    seed = drawing.seed
    axes = try file.space.map { try Axis($0.key, $0.node, base) }
    if let axis = axes.first(where: { Self.incomparable.contains($0.key) }) {
      throw SearchError(
        .space,
        "\(axis.key) changes what the validation loss measures, so trials that differ in it cannot be ranked: give it "
          + "one value, under fixed")
    }
    guard base.initialWeights == nil, !axes.contains(where: { $0.key == "initial-weights" }) else {
      throw SearchError(
        .space, "initial-weights cannot be given: every trial draws its initial weights from its seed")
    }
    self.base = base
    strategy = try changes.strategy ?? file.settings["strategy"].map(Self.strategy) ?? .grid
    eta = try file.settings["eta"].map { try Self.whole("eta", $0, 2...1000) } ?? 3

    let wanted = try (changes.trials.map { "\($0)" } ?? file.settings["trials"]).map {
      try Self.whole("trials", $0, 1...Self.mostTrials)
    }
    trials = try Self.trials(wanted, strategy, axes)
    isDrawn = strategy != .grid || Self.combinations(axes) != trials
  }

  /// The same with trials drawn, as from a grid that is sampled.
  var drawn: SearchSpace {
    var drawn = self
    drawn.isDrawn = true
    return drawn
  }

  /// Sets in `base` what is the same in all trials.
  private static func fix(_ base: inout Configuration, _ file: SpaceFile, _ changes: Changes) throws {
    let varied = Set(file.space.map(\.key))
    for (key, value) in file.fixed {
      guard !varied.contains(key) else {
        throw SearchError(.space, "\(key) is both under fixed and under space: expected it once")
      }
      try base.set(key, value)
    }
    if let epochs = changes.epochs ?? file.settings["epochs"] {
      guard !varied.contains("epochs") else {
        throw SearchError(.space, "epochs is in the space, so it cannot be given for all trials")
      }
      try base.set("epochs", epochs)
    }
    if let seed = changes.seed, !varied.contains("seed") { try base.set("seed", seed) }
  }

  private static func trials(_ wanted: Int?, _ strategy: Strategy, _ axes: [Axis]) throws -> Int {
    if strategy == .grid, let range = axes.first(where: \.isRange) {
      throw SearchError(
        .space,
        "\(range.key) is a range, which a grid cannot enumerate: list its values, or choose --strategy random"
      )
    }
    let count = combinations(axes)
    guard let wanted else {
      guard strategy == .grid else {
        throw SearchError(
          .space,
          "the strategy \(strategy.rawValue) needs a number of trials: say 'trials: 20', or --trials 20")
      }
      guard let count, count <= mostTrials else {
        throw SearchError(
          .space,
          "the grid has more than \(mostTrials) trials: sample it (--trials), or choose --strategy random")
      }
      return count
    }
    if let count, wanted > count {
      throw SearchError(.space, "trials is \(wanted), but the space has only \(count) combinations")
    }
    return wanted
  }

  /// How many combinations the axes have; nil for too many to count.
  package static func combinations(_ axes: [Axis]) -> Int? {
    axes.reduce(1) { product, axis in
      guard let product, let count = axis.count else { return nil }
      let (value, overflows) = product.multipliedReportingOverflow(by: count)
      return overflows ? nil : value
    }
  }

  private static func strategy(_ text: String) throws -> Strategy {
    guard let strategy = Strategy(rawValue: text) else {
      let names = Strategy.allCases.map(\.rawValue).joined(separator: ", ")
      throw SearchError(.space, "strategy is '\(text)': expected one of \(names)")
    }
    return strategy
  }

  private static func whole(_ name: String, _ text: String, _ range: ClosedRange<Int>) throws -> Int {
    guard let value = Int(text), range.contains(value) else {
      throw SearchError(
        .space,
        "\(name) is '\(text)': expected a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// Everything that determines the trials, one line each; their number only if it changes the others.
  package var text: String {
    var lines = ["strategy: \(strategy.rawValue)"]
    if isDrawn { lines.append("draws: \(seed)") }
    if strategy == .halving { lines += ["trials: \(trials)", "eta: \(eta)"] }
    lines += base.pairs.map { "\($0.key): \($0.value)" }
    lines += axes.map { "space \($0.key): \($0.text)" }
    return lines.joined(separator: "\n")
  }

  /// SHA-256 of ``text``.
  package var sha256: String { Fingerprint.hex(of: Data(text.utf8)) }
}

extension Axis {
  var isRange: Bool { if case .range = values { true } else { false } }
}
