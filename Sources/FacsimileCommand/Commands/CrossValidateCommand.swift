import ArgumentParser
import Foundation
import Models
import Training

/// `facsimile cross-validate`
struct CrossValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cross-validate",
    abstract: "Trains a model once for every fold of the training images; mean and deviation of its figures.",
    discussion: """
      Every fold is held back once and judged by the best epoch of a training on all the others.

      Examples:
        facsimile cross-validate conv-autoencoder --data mnist --folds 5 --epochs 10
        facsimile cross-validate classifier --folds 10 --set dropout=0.25 --data mnist --json
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions

  @Option(help: "Number of folds.")
  var folds: Int

  @Option(help: "Epochs to train in every fold.")
  var epochs: String?

  @Option(help: "Key of every random number.")
  var seed: String?

  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let model: String
    let dataset: String
    let device: String
    let folds: [CrossValidation.Fold]
    let metrics: [String: CrossValidation.Spread]
  }

  func run() throws {
    let configuration = try model.configuration([("epochs", epochs), ("seed", seed)])
    let dataset = try data.load()
    let validation = try CrossValidation(configuration, dataset: dataset, folds: folds)
    let backend = try device.open(isAside: output.json)
    tell("data: \(dataset.title) · \(Format.count(dataset.train.count)) images in \(folds) folds")
    let reporter = TrainingReporter(epochs: configuration.totalEpochs, isAside: output.json)
    defer { reporter.finish() }
    let result = try validation.run(
      on: backend, stopSignal: StopSignal.onInterrupt(), listener: reporter.report
    ) {
      fold in
      reporter.finish()
      tell("fold \(fold.fold)/\(folds) · \(Format.metrics(fold.metrics)) · best epoch \(fold.bestEpoch)")
    }
    guard let result else {
      Console.note("stopped; the folds so far count for nothing, since a fold cannot go on")
      throw ExitCode(ExitStatus.interrupted)
    }
    if output.json {
      return try Console.json(
        Figures(
          model: configuration.model.rawValue, dataset: dataset.name, device: backend.device.identifier,
          folds: result.folds, metrics: result.metrics))
    }
    for (name, spread) in result.metrics.sorted(by: { $0.key < $1.key }) {
      Console.say("\(name): \(Format.metric(name, spread.mean)) ± \(Format.metric(name, spread.deviation))")
    }
  }

  private func tell(_ line: String) { Console.tell(line, isAside: output.json) }
}
