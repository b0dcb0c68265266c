import ArgumentParser
import Foundation
import Models
import Numerics
import Training

/// `facsimile cross-validate`
struct CrossValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cross-validate",
    abstract:
      "Trains a model once per fold and prints the mean and standard deviation of its metrics.",
    discussion: """
      Each fold of the training images is held out once and evaluated with the best epoch of a model trained on the \
      others. With --out, completed folds are saved, and the same command resumes after a stop or kill.

      Examples:
        facsimile cross-validate conv-autoencoder --data mnist --folds 5 --epochs 10
        facsimile cross-validate vae --data mnist --folds 5 --out folds
        facsimile cross-validate classifier --folds 10 --set dropout=0.25 --data mnist --json
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions

  @Option(help: "Number of folds.")
  var folds: Int

  @Option(help: "Epochs to train per fold (default: \(ModelOptions.defaults(of: "epochs"))).")
  var epochs: String?

  @Option(help: "Random seed (default: \(ModelOptions.defaults(of: "seed"))).")
  var seed: String?

  @Option(
    help: ArgumentHelp("Folder to save the folds in (default: not saved).", valueName: "dir"),
    completion: .directory)
  var out: String?

  @OptionGroup var distribution: DistributionOptions
  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let model: String
    let dataset: String
    let device: String
    let foldCount: Int
    let folds: [CrossValidation.Fold]
    let metrics: [String: CrossValidation.Spread]
  }

  func run() throws { try distribution.run(validate) }

  private func validate(_ job: Job?) throws {
    let configuration = try job?.each(settings) ?? settings()
    let means = try job?.means(data: data.load, device: device, isAside: output.json) {
      configuration
    } check: {
      try configuration.requireParts(for: job!.group.count)
    }
    if let job, let means { try job.lead(means) }
    let dataset = try means?.dataset ?? data.load()
    let validation = try CrossValidation(configuration, dataset: dataset, folds: folds)
    if out == "" { throw UsageError("--out is empty: expected a folder for the folds") }
    let folder = try out.map {
      try CrossValidationFolder(validation, at: URL(systemPath: $0, isDirectory: true))
    }
    let backend = try means?.backend ?? device.open(isAside: output.json)
    tell("data: \(dataset.title) · \(counted(dataset.train.count, "image")) in \(counted(folds, "fold"))")
    if let done = folder?.folds, !done.isEmpty {
      tell("resumed: \(counted(done.count, "fold")) of \(folds) already done")
    }
    let reporter = TrainingReporter(epochs: configuration.totalEpochs, isAside: output.json)
    defer { reporter.finish() }
    let result = try validation.run(
      on: backend, keptIn: folder, crew: job?.crew, stopSignal: StopSignal.onInterrupt(),
      listener: reporter.report
    ) {
      fold in
      reporter.finish()
      tell("fold \(fold.fold)/\(folds) · \(Format.metrics(fold.metrics)) · best epoch \(fold.bestEpoch)")
    }
    guard let result else {
      Console.note(
        folder.map {
          "stopped in fold \($0.folds.count + 1) of \(folds); everything done is kept, and the same command resumes there"
        } ?? "stopped; nothing is kept without --out")
      throw ExitCode(ExitStatus.interrupted)
    }
    if output.json {
      return try Console.json(
        Figures(
          model: configuration.model.rawValue, dataset: dataset.name, device: backend.device.identifier,
          foldCount: result.folds.count, folds: result.folds, metrics: result.metrics))
    }
    for (name, spread) in result.metrics.sorted(by: { $0.key < $1.key }) {
      Console.say(
        "\(Format.title(name)): \(Format.metric(name, spread.mean)) ± \(Format.metric(name, spread.standardDeviation))"
      )
    }
  }

  private func settings() throws -> Configuration {
    try model.configuration([("epochs", epochs), ("seed", seed)])
  }

  private func tell(_ line: String) { Console.tell(line, isAside: output.json) }
}
