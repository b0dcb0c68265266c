import Foundation
import Models
import Training

/// One trial of a search: its configuration and result; a row of the storage.
package struct Trial: Equatable, Sendable {
  /// The state of a trial.
  package enum State: String, Codable, CaseIterable, Sendable {
    /// Waiting to start or continue.
    case waiting
    /// Training, or interrupted by a kill.
    case running
    /// Completed.
    case done
    /// Failed.
    case failed
  }

  /// From 1, in the order of the search.
  package let number: Int
  /// The whole configuration, as text by key.
  package let configuration: [String: String]
  /// The state.
  package internal(set) var state = State.waiting
  /// The rung it is on, from 0; only halving has more than one.
  package internal(set) var rung = 0
  /// Number of completed epochs.
  package internal(set) var epochs = 0
  /// The lowest validation loss so far.
  package internal(set) var validationLoss: Double?
  /// Its epoch, 0 before the first.
  package internal(set) var bestEpoch = 0
  /// Hash of the state after the last epoch.
  package internal(set) var stateSHA256: String?
  /// Seconds of training.
  package internal(set) var seconds = 0.0
  /// Why it failed.
  package internal(set) var failure: String?

  init(_ number: Int, _ configuration: Models.Configuration) {
    self.number = number
    self.configuration = configuration.texts
  }

  /// The whole configuration.
  ///
  /// - Throws: `ConfigurationError` if the storage was changed by others.
  var settings: Models.Configuration {
    get throws { try Configuration(texts: configuration) }
  }

  /// Updates the result from a training.
  mutating func take(_ trainer: Trainer) {
    epochs = trainer.epoch
    validationLoss = trainer.stopping.bestLoss
    bestEpoch = trainer.stopping.bestEpoch
    stateSHA256 = trainer.manifest.epochs.last?.stateSHA256
    seconds = trainer.manifest.epochs.reduce(0) { $0 + $1.seconds }
  }

  /// The same, waiting on the next rung.
  var promoted: Trial {
    var trial = self
    trial.rung += 1
    trial.state = .waiting
    return trial
  }

  /// Order by validation loss, then by number; trials without a loss last.
  static func precedes(_ a: Trial, _ b: Trial) -> Bool {
    let (first, second) = (a.validationLoss ?? .infinity, b.validationLoss ?? .infinity)
    return first == second ? a.number < b.number : first < second
  }
}

extension Trial {
  /// A row of the table `trial`.
  ///
  /// - Throws: `SearchError` if the storage was changed by others.
  init(_ row: StoredRow) throws {
    number = try row.value("number")
    let (texts, word): (String, String) = (try row.value("configuration"), try row.value("state"))
    guard let configuration = try? JSONDecoder().decode([String: String].self, from: Data(texts.utf8)),
      let state = State(rawValue: word)
    else {
      throw SearchError(.storage, "\(row.path) is damaged: trial \(number) is \(word), with \(texts)")
    }
    try row.requireWhole("trial \(number)")
    self.configuration = configuration
    self.state = state
    rung = try row.value("rung")
    epochs = try row.value("epochs")
    validationLoss = try row.optional("validation_loss")
    bestEpoch = try row.value("best_epoch")
    stateSHA256 = try row.optional("state_sha256")
    seconds = try row.value("seconds")
    failure = try row.optional("failure")
  }

  /// The columns of its row, except their hash.
  var columns: [String: StoredValue] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      let texts = String(decoding: try encoder.encode(configuration), as: UTF8.self)
      return [
        "number": .integer(number), "configuration": .text(texts), "state": .text(state.rawValue),
        "rung": .integer(rung), "epochs": .integer(epochs), "validation_loss": StoredValue(validationLoss),
        "best_epoch": .integer(bestEpoch), "state_sha256": StoredValue(stateSHA256),
        "seconds": .real(seconds), "failure": StoredValue(failure),
      ]
    }
  }
}
