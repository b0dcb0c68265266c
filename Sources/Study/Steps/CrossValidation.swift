import Foundation
import Models
import Pictures
import Storage
import Training

extension Step {
  /// Cross-validation of the chosen configuration.
  static func crossValidation(_ configuration: Models.Configuration, folds: Int) -> Step {
    let settings = configuration.pairs.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    return Step("cross-validation", "cross-validation, \(folds) folds", settings: "\(folds) \(settings)") {
      site in
      let validation = try CrossValidation(configuration, dataset: site.dataset, folds: folds)
      let found = try validation.run(
        on: site.backend, stopSignal: site.stopSignal, listener: site.listener, done: { _ in })
      guard let found else { throw StudyInterrupted() }
      return result(found, configuration, data: site.dataset.name)
    }
  }

  private static func result(
    _ found: CrossValidation.Result, _ configuration: Models.Configuration, data: String
  ) -> StepResult {
    let losses = found.folds.map { $0.metrics["loss"] ?? .nan }
    let spread = CrossValidation.Spread(losses)
    let heads = ["fold", "training images", "validation images", "best epoch", "loss"]
    let rows = found.folds.map { fold in
      [
        "\(fold.fold)", Numerals.count(fold.trainImages), Numerals.count(fold.validationImages),
        "\(fold.bestEpoch) of \(fold.epochCount)", Numerals.significant(fold.metrics["loss"] ?? .nan, 4),
      ]
    }
    let table = Table("Folds of the cross-validation", heads: heads, numbers: [0, 1, 2, 3, 4], rows: rows)
    let csv = CSV.text(
      [["fold", "loss", "best_epoch", "state_sha256"]]
        + found.folds.map {
          ["\($0.fold)", "\($0.metrics["loss"] ?? .nan)", "\($0.bestEpoch)", $0.stateSHA256]
        })
    let command = Command.crossValidate(configuration, folds: found.folds.count, data: data)
    var result = StepResult()
    result.measures = ["mean": spread.mean, "standard_deviation": spread.standardDeviation]
    result.figures = [
      Figure(
        id: "cross-validation", title: "Cross-validation of the chosen configuration.",
        caption: "Every training image evaluates one model that has not been trained on it: "
          + "\(Numerals.significant(spread.mean, 4)) ± \(Numerals.significant(spread.standardDeviation, 2)) after "
          + "\(configuration.epochs) epochs. Small differences between folds mean that the result does not depend on the split.",
        table: table,
        sources: [
          Source(
            command: command, seed: configuration.seed, what: "table",
            hash: Fingerprint.hex(of: Data(csv.utf8)))
        ], csv: csv)
    ]
    return result
  }
}
