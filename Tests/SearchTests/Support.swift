import Datasets
import Foundation
import Models
import Programs
import Search
import TestSupport
import Training

enum Support {
  static func dataset(train: Int = 120) throws -> Dataset { try Blobs.dataset(train: train, test: 20) }

  /// Six small trials of three epochs of three steps; trials 3 and 6 cannot be trained with their rate.
  static let space = """
    model: vae
    epochs: 3
    fixed: {hidden: 12, batch-size: 37, optimizer: sgd, seed: 5, dropout: 0.1}
    space:
      latent: [2, 3]
      learning-rate: [0.001, 0.0001, 100]
    """

  static func backends(_ jobs: Int = 1) throws -> [any Backend] {
    try (0..<jobs).map { try cpu($0 % 2 + 1) }
  }

  /// Searches without interruption.
  static func table(_ text: String, jobs: Int = 1, in folder: URL) throws -> [Trial] {
    let storage = folder.appendingPathComponent("\(UUID().uuidString).sqlite")
    let search = try Search(SearchSpace(text), dataset: dataset(), storage: storage)
    _ = try search.run(on: backends(jobs))
    return try search.trials()
  }
}

extension [Trial] {
  /// Everything that must not differ between searches, one line per trial.
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
