import ArgumentParser
import Datasets
import Foundation
import Interchange
import Models
import Programs
import Storage
import Training

/// `facsimile train`
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a model, or goes on with a run.",
    discussion: """
      The same configuration and data give the same bits on every device and any number of threads, however \
      often the run is stopped. Ctrl-C finishes the step, writes a checkpoint and says how to go on.

      Examples:
        facsimile train conv-autoencoder --data mnist
        facsimile train conv-autoencoder --data mnist --epochs 30 --set weight-decay=1e-5 latent=4
        facsimile train vae --data mnist --device opencl --config my.yaml --out runs/vae
        facsimile train classifier --from runs/conv-autoencoder-1 --trainable last-2:5,all:10
        facsimile train --resume runs/vae
        facsimile train vae --data fashion-mnist --tensorboard
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions

  @Option(
    help: ArgumentHelp("The run folder (default: runs/MODEL-NUMBER).", valueName: "run"),
    completion: .directory)
  var out: String?

  @Option(help: "Epochs to train.")
  var epochs: String?

  @Option(help: "Key of every random number.")
  var seed: String?

  @Option(
    help: ArgumentHelp(
      "Begin with the weights of a run, or of a .safetensors file, as far as names agree.", valueName: "run"))
  var from: String?

  @Option(
    help: ArgumentHelp(
      "Which layers train: all, last-2, or phases such as last-2:5,all:10.", valueName: "layers"))
  var trainable: String?

  @Option(
    help: ArgumentHelp("Go on with this run as if it had never stopped.", valueName: "run"),
    completion: .directory)
  var resume: String?

  @Option(
    help: ArgumentHelp(
      "With --resume: go on from this checkpoint of the run, such as RUN/previous.safetensors, in place of its last.",
      valueName: "file"), completion: .file(extensions: ["safetensors"]))
  var checkpoint: String?

  @Flag(help: "Also write each epoch's figures and picture as TensorBoard's events, into the run folder.")
  var tensorboard = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    let (trainer, folder) = try resume.map(resumed) ?? begun()
    announce(trainer, folder)
    let stop = StopSignal.onInterrupt()
    let reporter = TrainingReporter(epochs: trainer.configuration.totalEpochs, isAside: output.json)
    let events = try events(trainer, folder)
    trainer.listener = { event in
      reporter.report(event)
      if case .epoch(let record, _) = event { events?.append(record) }
    }
    trainer.stopSignal = stop
    let outcome: TrainingOutcome
    do {
      defer { reporter.finish() }
      outcome = try trainer.fit()
    }
    if outcome == .interrupted {
      Console.note(
        "\(Self.place(trainer)), and all of it is kept; resume with: facsimile train --resume "
          + shellQuoted(path: folder.url.path))
      throw ExitCode(ExitStatus.interrupted)
    }
    try TrainingSummary(trainer, folder, outcome).show(asJSON: output.json)
  }

  /// `stopped in epoch 4 after step 271 of 422`
  private static func place(_ trainer: Trainer) -> String {
    let steps = trainer.steps
    if steps.done > 0 {
      return "stopped in epoch \(trainer.epoch + 1) after step \(steps.done) of \(steps.all)"
    }
    return trainer.epoch > 0 ? "stopped after epoch \(trainer.epoch)" : "stopped before the first step"
  }

  /// TensorBoard's events, where they are asked for or the run has some already.
  private func events(_ trainer: Trainer, _ folder: RunFolder) throws -> TensorBoardEvents? {
    guard tensorboard || Files.exists(EventLog.file(of: folder)) else {
      return nil
    }
    return TensorBoardEvents(try EventLog(folder, epochs: trainer.manifest.epochs))
  }

  // MARK: - Going on

  private func resumed(_ path: String) throws -> (Trainer, RunFolder) {
    let given: [(name: String, isGiven: Bool)] = [
      ("MODEL", model.model != nil), ("--set", !model.set.isEmpty), ("--config", model.config != nil),
      ("--batch-size", model.batchSize != nil), ("--out", out != nil), ("--epochs", epochs != nil),
      ("--seed", seed != nil), ("--from", from != nil), ("--trainable", trainable != nil),
    ]
    if let first = given.first(where: \.isGiven) {
      throw UsageError(
        "--resume takes everything from the run, so \(first.name) cannot be given; "
          + "epochs, patience and keep-checkpoints may be edited in \(path)/config.yaml")
    }
    let folder = try RunFolder(resuming: URL(systemPath: path, isDirectory: true))
    let files = [folder.checkpointFile, folder.previousFile] + (checkpoint.map { [URL(systemPath: $0)] } ?? [])
    guard files.contains(where: { Files.exists($0) }) else {
      throw CommandFailure(
        "\(path) has no checkpoint.safetensors to go on from; begin a run with its weights: "
          + "facsimile train \(try folder.configuration().model.rawValue) --from \(shellQuoted(path: path))")
    }
    let dataset = try data.load(of: folder)
    let backend = try device.open(isAside: output.json)
    let trainer = try Trainer(
      resuming: folder, dataset: dataset, backend: backend,
      checkpoint: checkpoint.map { URL(systemPath: $0) })
    if !trainer.changes.isEmpty {
      let settings = trainer.changes.map { "\($0)=\(trainer.configuration.texts[$0] ?? "")" }
      Console.tell("config.yaml has changed: \(settings.joined(separator: " "))", isAside: output.json)
    }
    return (trainer, folder)
  }

  // MARK: - Beginning

  private func begun() throws -> (Trainer, RunFolder) {
    if checkpoint != nil { throw UsageError("--checkpoint is one of a run: give that too, with --resume") }
    let configuration = try model.configuration([
      ("epochs", epochs), ("seed", seed), ("trainable", trainable),
    ])
    // Everything that may be refused comes before the folder is made.
    let start = try from.map { try WeightsSource($0) }
    let dataset = try data.load(from: from)
    let backend = try device.open(isAside: output.json)
    let place = try NewRunFolder(out, model: configuration.model)
    do {
      let trainer = try Trainer(
        configuration, dataset: dataset, backend: backend, folder: place.folder,
        start: start.map { .weights($0.file) } ?? .initial)
      return (trainer, place.folder)
    } catch {
      place.remove()
      throw start?.explain(error, configuration) ?? error
    }
  }

  private func announce(_ trainer: Trainer, _ folder: RunFolder) {
    let facts = trainer.manifest.dataset
    var lines = [
      "data: \(facts.name) (\(facts.source)) · \(Format.count(facts.trainImages)) images train, "
        + "\(Format.count(facts.validationImages)) validate"
    ]
    if let from { lines.append("from: \(from) · \(origin(trainer))") }
    let isDone = trainer.epoch >= trainer.configuration.totalEpochs
    let place = isDone ? "all \(trainer.epoch) epochs are done" : "goes on behind epoch \(trainer.epoch)"
    lines.append("run: \(folder.url.path)" + (resume == nil ? "" : " · \(place)"))
    for line in lines { Console.tell(line, isAside: output.json) }
  }

  /// Which parameters begin with the weights given, and which do not.
  private func origin(_ trainer: Trainer) -> String {
    let names = trainer.parameterNames
    let drawn = names.filter { !trainer.taken.contains($0) }
    let others = drawn.isEmpty ? "" : ", but \(drawn.joined(separator: ", ")) begin as the seed draws them"
    return "\(trainer.taken.count) of \(names.count) tensors\(others)"
  }
}
