import Datasets
import Models
import Storage

/// The outcome of a search: the trials, best first, and how to train the best.
package struct SearchTable: Encodable, Sendable {
  /// A row of the table: one trial.
  package struct Row: Encodable, Equatable, Sendable {
    /// The trial's number.
    package let number: Int
    /// What distinguishes it: the keys of the space, in the file's order.
    package let settings: [String: String]
    /// The state.
    package let state: Trial.State
    /// Number of completed epochs.
    package let epochs: Int
    /// The lowest validation loss.
    package let validationLoss: Double?
    /// Its epoch.
    package let bestEpoch: Int
    /// Hash of the state after the last epoch.
    package let stateSHA256: String?
    /// Seconds of training.
    package let seconds: Double
    /// Why it failed.
    package let failure: String?

    enum CodingKeys: String, CodingKey {
      case number, settings, state, validationLoss, bestEpoch, stateSHA256, seconds, failure
      case epochs = "epochCount"
    }

    /// Numeric settings are encoded as numbers, see ``SettingsJSON``.
    package func encode(to encoder: any Encoder) throws {
      var row = encoder.container(keyedBy: CodingKeys.self)
      try row.encode(number, forKey: .number)
      try row.encode(SettingsJSON(settings), forKey: .settings)
      try row.encode(state, forKey: .state)
      try row.encode(epochs, forKey: .epochs)
      try row.encodeIfPresent(validationLoss, forKey: .validationLoss)
      try row.encode(bestEpoch, forKey: .bestEpoch)
      try row.encodeIfPresent(stateSHA256, forKey: .stateSHA256)
      try row.encode(seconds, forKey: .seconds)
      try row.encodeIfPresent(failure, forKey: .failure)
    }
  }

  package let model: String
  /// How trials were chosen.
  package let strategy: Strategy
  /// Hash of the space.
  package let spaceSHA256: String
  package let dataset: String
  /// Best first; those that failed last.
  package let trials: [Row]
  /// The command line that trains the best; nil if no trial is done.
  package let command: String?

  /// The current table of a search.
  ///
  /// - Parameter data: the name of the data set for the command line.
  /// - Throws: the database's error.
  package init(_ search: Search, data: String? = nil) throws {
    let space = search.space
    try self.init(
      model: space.base.model.rawValue, strategy: space.strategy, spaceSHA256: space.sha256,
      dataset: search.dataset.name, search.trials(), keys: space.axes.map(\.key), data: data)
  }

  /// The table of some trials.
  ///
  /// - Parameters:
  ///   - trials: in any order.
  ///   - keys: the varied settings.
  ///   - data: the name of the data set for the command line; nil: its own.
  /// - Throws: `ConfigurationError` if the storage was changed by others.
  init(
    model: String, strategy: Strategy, spaceSHA256: String, dataset: String, _ trials: [Trial],
    keys: [String],
    data: String? = nil
  ) throws {
    let trials = trials.sorted(by: Self.precedes)
    (self.model, self.strategy, self.spaceSHA256, self.dataset) = (model, strategy, spaceSHA256, dataset)
    self.trials = trials.map { Row($0, keys) }
    let best = trials.first { $0.state == .done }
    command = try best.map { try Self.command($0, data: data ?? dataset) }
  }

  private static func precedes(_ a: Trial, _ b: Trial) -> Bool {
    (a.state == .failed) == (b.state == .failed) ? Trial.precedes(a, b) : b.state == .failed
  }

  /// The command that trains a trial again, to the same hash: the settings that differ from the model's defaults.
  private static func command(_ trial: Trial, data: String) throws -> String {
    let configuration = try trial.settings
    let defaults = Configuration(configuration.model)
    let settings = zip(configuration.pairs, defaults.pairs).filter { $0.value != $1.value }
      .map { "\($0.0.key)=\($0.0.value)" }
    let words = [
      "facsimile", "train", configuration.model.rawValue, "--data", data.hasPrefix("-") ? "./" + data : data,
    ]
    return (words + (settings.isEmpty ? [] : ["--set"] + settings)).map { shellQuoted($0) }.joined(
      separator: " ")
  }
}

extension SearchTable.Row {
  init(_ trial: Trial, _ keys: [String]) {
    number = trial.number
    settings = trial.configuration.filter { keys.contains($0.key) }
    state = trial.state
    epochs = trial.epochs
    validationLoss = trial.validationLoss
    bestEpoch = trial.bestEpoch
    stateSHA256 = trial.stateSHA256
    seconds = trial.seconds
    failure = trial.failure
  }
}
