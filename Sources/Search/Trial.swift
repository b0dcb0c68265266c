import GRDB
import Models
import Training

/// One configuration of a search, and how it went: a row of the storage.
public struct Trial: Codable, Equatable, Sendable {
  /// How a trial stands.
  public enum State: String, Codable, CaseIterable, Sendable {
    /// It is still to be trained, or to go on.
    case waiting
    /// It is being trained, or was when the search was killed.
    case running
    /// It is trained as far as it is to be.
    case done
    /// It could not be trained.
    case failed
  }

  /// From 1, in the order of the search.
  public let number: Int
  /// The whole configuration, as text by key.
  public let configuration: [String: String]
  /// How it stands.
  public internal(set) var state = State.waiting
  /// The rung it is on, from 0; only halving has more than one.
  public internal(set) var rung = 0
  /// Epochs that are done.
  public internal(set) var epochs = 0
  /// The lowest validation loss so far.
  public internal(set) var validationLoss: Double?
  /// Its epoch, 0 before the first.
  public internal(set) var bestEpoch = 0
  /// Hash of the state behind the last epoch.
  public internal(set) var stateSHA256: String?
  /// Seconds of training.
  public internal(set) var seconds = 0.0
  /// Why it failed.
  public internal(set) var failure: String?

  enum CodingKeys: String, CodingKey {
    case number, configuration, state, rung, epochs, seconds, failure
    case validationLoss = "validation_loss"
    case bestEpoch = "best_epoch"
    case stateSHA256 = "state_sha256"
  }

  init(_ number: Int, _ configuration: Models.Configuration) {
    self.number = number
    self.configuration = configuration.texts
  }

  /// The whole configuration.
  ///
  /// - Throws: `ConfigurationError` where the storage was changed by others.
  var settings: Models.Configuration {
    get throws { try Configuration(texts: configuration) }
  }

  /// Takes over what the training has come to.
  mutating func take(_ trainer: Trainer) {
    epochs = trainer.epoch
    validationLoss = trainer.stopping.bestLoss
    bestEpoch = trainer.stopping.bestEpoch
    stateSHA256 = trainer.manifest.epochs.last?.stateSHA256
    seconds = trainer.manifest.epochs.reduce(0) { $0 + $1.seconds }
  }

  /// Better before worse: by validation loss, then by number; without a loss last.
  static func precedes(_ a: Trial, _ b: Trial) -> Bool {
    let (first, second) = (a.validationLoss ?? .infinity, b.validationLoss ?? .infinity)
    return first == second ? a.number < b.number : first < second
  }
}

extension Trial: FetchableRecord, PersistableRecord {
  /// The table's name.
  public static var databaseTableName: String { "trial" }
}

extension Trial.State: DatabaseValueConvertible {}
