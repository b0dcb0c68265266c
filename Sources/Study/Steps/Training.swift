import Datasets
import Foundation
import Models
import Programs
import Storage
import Training

extension Step {
  /// Trains a run and evaluates its best epoch on the test images.
  ///
  /// - Parameter run: the step whose weights it starts from; nil: initialised from the seed.
  static func training(
    _ name: String, _ title: String, _ configuration: Models.Configuration, from run: String? = nil
  ) -> Step {
    Step(name, title, needs: run.map { [$0] } ?? [], training: configuration) { site in
      let trainer = try Trainer.goingOn(
        with: configuration, in: site.folder.run(name), dataset: site.dataset, backend: site.backend
      ) { try run.map { .weights(try site.weights($0).file()) } ?? .initial }
      trainer.listener = site.listener
      trainer.stopSignal = site.stopSignal
      guard try trainer.fit() != .interrupted else { throw StudyInterrupted() }
      let weights = try site.weights(name)
      let test = try Evaluator(weights, images: site.dataset.test, backend: site.backend).evaluate()
      var result = StepResult()
      result.measures = test.metrics
      let records = trainer.manifest.epochs
      result.series = [
        "train": records.map(\.trainLoss), "validation": records.compactMap(\.validationLoss),
        "best": [Double(trainer.manifest.bestEpoch)],
      ]
      result.source = Source(
        command: Command.train(
          trainer.configuration, data: site.dataset.name, from: run.map { "DIR/runs/\($0)" }),
        seed: configuration.seed, what: "state", hash: records.last?.stateSHA256 ?? "")
      return result
    }
  }
}

/// Command lines for reports.
enum Command {
  /// The command that trains a run again, with the settings that differ from the model's defaults.
  static func train(_ configuration: Models.Configuration, data: String, from run: String?) -> String {
    var words = ["facsimile", "train", configuration.model.rawValue, "--data", data]
    if let run { words += ["--from", run] }
    words += ["--epochs", "\(configuration.epochs)", "--seed", "\(configuration.seed)"]
    return line(words + changes(configuration))
  }

  /// The command that repeats a cross-validation.
  static func crossValidate(_ configuration: Models.Configuration, folds: Int, data: String) -> String {
    line(
      ["facsimile", "cross-validate", configuration.model.rawValue, "--folds", "\(folds)", "--data", data]
        + ["--epochs", "\(configuration.epochs)", "--seed", "\(configuration.seed)"] + changes(configuration))
  }

  /// `--set` with the settings that differ from the model's defaults, except data, weights, seed and epochs.
  private static func changes(_ configuration: Models.Configuration) -> [String] {
    let defaults = Configuration(configuration.model).texts
    let known: Set = ["model", "seed", "epochs", "image", "classes", "initial-weights"]
    let settings = configuration.pairs.filter { !known.contains($0.key) && defaults[$0.key] != $0.value }
      .map { "\($0.key)=\($0.value)" }
    return settings.isEmpty ? [] : ["--set"] + settings
  }

  /// Words quoted for a shell.
  static func line(_ words: [String]) -> String { words.map { shellQuoted($0) }.joined(separator: " ") }
}
