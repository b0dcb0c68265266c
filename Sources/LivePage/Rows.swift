import Foundation
import Models
import Search
import Training

/// A run in the list.
struct RunRow: Encodable, Equatable, Sendable {
  /// The path relative to the folder.
  let run: String
  let model: String
  let data: String?
  let device: String?
  let epochCount: Int
  let plannedEpochs: Int?
  let bestEpoch: Int?
  let bestLoss: Double?
  let started: String?
  /// As in `facsimile runs`; also `training`, if a process of this machine holds the run, `half-written`, and
  /// `reading`, if there was no time yet.
  let state: String
  /// Why its files cannot be read.
  let problem: String?
  let hasReport: Bool
  /// When an epoch was last added, in seconds since 1970.
  let changed: Int?

  init(
    _ place: FolderWalk.Place, _ summary: RunSummary?, state: String, problem: String?, changed: Int?
  ) {
    (run, hasReport) = (place.path, place.hasReport)
    (self.state, self.problem, self.changed) = (state, problem, changed)
    (model, data, device) = (summary?.model ?? "unknown", summary?.data, summary?.device)
    (epochCount, plannedEpochs) = (summary?.epochCount ?? 0, summary?.plannedEpochs)
    (bestEpoch, bestLoss, started) = (summary?.bestEpoch, summary?.bestLoss, summary?.started)
  }
}

/// A search in the list.
struct SearchRow: Encodable, Equatable, Sendable {
  /// The path relative to the folder.
  let search: String
  let model: String?
  let dataset: String?
  let strategy: Strategy?
  let trialCount: Int
  let doneCount: Int
  let failedCount: Int
  let bestLoss: Double?
  /// `searching`, `interrupted`, `finished` or `damaged`.
  let state: String
  /// Why it cannot be read.
  let problem: String?

  init(_ path: String, _ found: StoredSearch?, isLocked: Bool, problem: String?) {
    (search, self.problem) = (path, problem)
    let trials = found?.table.trials ?? []
    (model, dataset, strategy) = (found?.table.model, found?.table.dataset, found?.table.strategy)
    trialCount = trials.count
    doneCount = trials.count { $0.state == .done }
    failedCount = trials.count { $0.state == .failed }
    bestLoss = trials.first?.validationLoss
    state =
      problem != nil
      ? "damaged"
      : isLocked ? "searching" : doneCount + failedCount == trials.count ? "finished" : "interrupted"
  }
}

/// Everything in the folder.
struct FolderListing: Encodable, Equatable, Sendable {
  /// A study.
  struct StudyRow: Encodable, Equatable, Sendable {
    let study: String
    let hasReport: Bool
  }

  /// The folder's name.
  let folder: String
  var runs: [RunRow] = []
  var searches: [SearchRow] = []
  var studies: [StudyRow] = []
  /// Folders that cannot be read.
  var problems: [String] = []
  /// Whether the list is incomplete because a limit was reached.
  var isCut = false
}

/// A run with its history.
struct RunDetail: Encodable, Sendable {
  let run: RunRow
  let lossUnit: String?
  let manifest: Facts?
  /// The settings of its training.
  let configuration: SettingsJSON?
  let epochs: [EpochRecord]
  let sessions: [Session]
  /// The text of `config.yaml`.
  let settings: String?
  /// Why that is not a valid configuration.
  let settingsProblem: String?
  /// Epochs that have pictures.
  let pictures: [Int]
  /// The names of the pictures' rows.
  let pictureRows: [String]

  /// Further facts from the manifest.
  struct Facts: Encodable, Sendable {
    let version: String
    let numericsContract: Int
    let seed: UInt64
    let dataset: Manifest.Data
    let device: Manifest.Device
    let initialSHA256: String
    let failure: String?

    enum CodingKeys: String, CodingKey {
      case version, seed, dataset, device, failure
      case numericsContract = "numerics_contract"
      case initialSHA256 = "initial_sha256"
    }

    init(_ manifest: Manifest) {
      (version, numericsContract, seed) = (manifest.version, manifest.numericsContract, manifest.seed)
      (dataset, device, failure) = (manifest.dataset, manifest.device, manifest.failure)
      initialSHA256 = manifest.initialSHA256
    }
  }
}

/// A search with its trials.
struct SearchDetail: Encodable, Sendable {
  let search: SearchRow
  let keys: [String]
  let table: SearchTable?
}
