import CPUBackend
import Datasets
import Foundation
import Models
import Programs
import Search
import Storage
import Synchronization
import TestSupport
import Training

enum Support {
  static func dataset(train: Int = 120) throws -> Dataset { try Blobs.dataset(train: train, test: 20) }

  /// Six small trials of three epochs of three steps; trial 3 and 6 cannot be trained with that rate.
  static let space = """
    model: vae
    epochs: 3
    fixed: {hidden: 12, batch-size: 37, optimizer: sgd, seed: 5, dropout: 0.1}
    space:
      latent: [2, 3]
      learning-rate: [0.001, 0.0001, 100]
    """

  static func backends(_ jobs: Int = 1) throws -> [any Backend] {
    try (0..<jobs).map { try CPUBackend(threads: $0 % 2 + 1) }
  }

  /// Searches in one go.
  static func table(_ text: String, jobs: Int = 1, in folder: URL) throws -> [Trial] {
    let storage = folder.appendingPathComponent("\(UUID().uuidString).sqlite")
    let search = try Search(SearchSpace(text), dataset: dataset(), storage: storage)
    _ = try search.run(on: backends(jobs))
    return try search.trials()
  }
}

extension [Trial] {
  /// Everything that a search may not change, one line a trial.
  var facts: [String] {
    map { trial in
      let loss = trial.validationLoss.map { "\($0)" } ?? "none"
      return
        "\(trial.number) \(trial.configuration.sorted { $0.key < $1.key }) \(trial.state) rung \(trial.rung) "
        + "epochs \(trial.epochs) loss \(loss) of \(trial.bestEpoch) \(trial.stateSHA256 ?? "none") "
        + (trial.failure ?? "")
    }
  }
}

/// A place where a number of threads wait for each other.
final class Gathering: Sendable {
  private let count: Int
  private let arrived = Atomic(0)

  init(_ count: Int) { self.count = count }

  /// Whether all have been here.
  var isComplete: Bool { arrived.load(ordering: .relaxed) >= count }

  /// Waits for the others, but no longer than a minute.
  func wait() {
    arrived.add(1, ordering: .relaxed)
    let deadline = ContinuousClock.now + .seconds(60)
    while !isComplete, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.001) }
  }
}
