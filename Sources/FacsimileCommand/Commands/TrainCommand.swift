import ArgumentParser
import Datasets
import Foundation
import Interchange
import Models
import Numerics
import Programs
import Storage
import Training

/// `facsimile train`
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a model, or resumes a run.",
    discussion: """
      The same configuration and data give the same bits on every device and with any number of threads, however \
      often the run is stopped and resumed. Ctrl-C finishes the step, writes a checkpoint and prints how to resume.

      Examples:
        facsimile train conv-autoencoder --data mnist
        facsimile train conv-autoencoder --data mnist --epochs 30 --set weight-decay=1e-5 latent=4
        facsimile train vae --data mnist --device opencl --config my.yaml --out runs/vae
        facsimile train classifier --from runs/conv-autoencoder-1 --trainable last-2:5,all:10
        facsimile train --resume runs/vae
        facsimile train --resume runs/vae --epochs 50
        facsimile train vae --data fashion-mnist --tensorboard
        facsimile train conv-autoencoder --data mnist --trace
        mpirun -n 4 facsimile train vae --data mnist --set shards=8 --distributed mpi
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions

  @Option(
    help: ArgumentHelp("The run folder (default: runs/MODEL-NUMBER).", valueName: "run"),
    completion: .directory)
  var out: String?

  @Option(
    help:
      "Epochs to train (default: \(ModelOptions.defaults(of: "epochs"))); with --resume, the total number."
  )
  var epochs: String?

  @Option(help: "Random seed (default: \(ModelOptions.defaults(of: "seed"))).")
  var seed: String?

  @Option(
    help: ArgumentHelp(
      "Start from the weights of a run or safetensors file, for all parameters whose names match.",
      valueName: "run"))
  var from: String?

  @Option(
    help: ArgumentHelp(
      "Layers to train: all, last-2, or phases such as last-2:5,all:10.", valueName: "layers"))
  var trainable: String?

  @Option(
    help: ArgumentHelp("Resume this run as if it had never stopped.", valueName: "run"),
    completion: .directory)
  var resume: String?

  @Option(
    help: ArgumentHelp(
      "With --resume: the checkpoint to resume from, such as RUN/previous.safetensors (default: the last).",
      valueName: "file"), completion: .file(extensions: ["safetensors"]))
  var checkpoint: String?

  @Flag(help: "Also write metrics and pictures as TensorBoard events to the run folder.")
  var tensorboard = false

  @Option(
    name: .customLong("trace"), defaultAsFlag: "auto", parsing: .next,
    help: ArgumentHelp(
      "Also write a trace: hashes of all tensors after every so many steps and each epoch's last, by which 'facsimile compare' and "
        + "'verify' name the first step and tensor that differ; 1 traces every step (default: as the model's size and the batch "
        + "suggest, so that hashing takes about a fiftieth of the time).", valueName: "steps"))
  var trace: String?

  @OptionGroup var distribution: DistributionOptions
  @OptionGroup var output: OutputOptions

  func run() throws { try distribution.run(train) }

  private func train(_ job: Job?) throws {
    let means = try job.map(means)
    if let job, let means { try job.lead(means) }
    let (trainer, folder, remove) = try begin(means, job?.crew)
    do { try trainer.prepareCrew() } catch {
      remove()
      throw error
    }
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
        "\(Self.place(trainer)); everything so far is kept; resume with: facsimile train --resume "
          + shellQuoted(path: folder.url.path))
      throw ExitCode(ExitStatus.interrupted)
    }
    try TrainingSummary(trainer, folder, outcome).show(asJSON: output.json)
  }

  /// Begins or resumes the run; `remove` undoes what was created for a new one.
  ///
  /// - Parameters:
  ///   - means: data and device; nil: from the options.
  ///   - crew: the other processes that train with this one; nil: none.
  private func begin(_ means: TrainingMeans?, _ crew: Crew?) throws -> (
    Trainer, RunFolder, remove: () -> Void
  ) {
    if let resume { return try resumed(resume, means, crew) }
    return try begun(means, crew)
  }

  /// `stopped in epoch 4 after step 271 of 422`
  private static func place(_ trainer: Trainer) -> String {
    let steps = trainer.steps
    if steps.done > 0 {
      return "stopped in epoch \(trainer.epoch + 1) after step \(steps.done) of \(steps.all)"
    }
    return trainer.epoch > 0 ? "stopped after epoch \(trainer.epoch)" : "stopped before the first step"
  }

  /// The TensorBoard event file, if requested or if the run already has one.
  private func events(_ trainer: Trainer, _ folder: RunFolder) throws -> TensorBoardEvents? {
    guard tensorboard || Files.exists(EventLog.file(of: folder)) else {
      return nil
    }
    return TensorBoardEvents(try EventLog(folder, epochs: trainer.manifest.epochs))
  }

  // MARK: - Resuming

  /// Throws: `UsageError` if options are given that the run at `path` has already fixed.
  func requireNothingElse(_ path: String) throws {
    let given: [(name: String, isGiven: Bool)] = [
      ("MODEL", model.model != nil), ("--set", !model.set.isEmpty), ("--config", model.config != nil),
      ("--batch-size", model.batchSize != nil), ("--out", out != nil),
      ("--seed", seed != nil), ("--from", from != nil), ("--trainable", trainable != nil),
      ("--trace", trace != nil),
    ]
    if let first = given.first(where: \.isGiven) {
      throw UsageError(
        "--resume takes everything but --epochs from the run, so \(first.name) cannot be given; "
          + "patience and keep-checkpoints may be edited in \(path)/config.yaml")
    }
  }

  private func resumed(_ path: String, _ means: TrainingMeans?, _ crew: Crew?) throws -> (
    Trainer, RunFolder, remove: () -> Void
  ) {
    try requireNothingElse(path)
    let folder = try RunFolder(resuming: URL(systemPath: path, isDirectory: true))
    let files =
      [folder.checkpointFile, folder.previousFile] + (checkpoint.map { [URL(systemPath: $0)] } ?? [])
    guard files.contains(where: { Files.exists($0) }) else {
      throw CommandFailure(
        "\(path) has no checkpoint.safetensors to resume from; begin a run with its weights: "
          + "facsimile train \(try folder.configuration().model.rawValue) --from \(shellQuoted(path: path))")
    }
    let before = try folder.configuration()
    let wanted = try epochs.map { text in
      var longer = before
      try longer.set("epochs", text)
      return longer.epochs
    }
    let dataset = try means?.dataset ?? data.load(of: folder)
    let backend = try means?.backend ?? device.open(isAside: output.json)
    let trainer = try Trainer(
      resuming: folder, dataset: dataset, backend: backend,
      checkpoint: checkpoint.map { URL(systemPath: $0) }, epochs: wanted, crew: crew)
    if trainer.hasLostTrace {
      Console.warn("\(folder.traceFile.path) is missing: the run goes on without a trace")
    }
    if wanted != nil, before.totalEpochs != trainer.configuration.totalEpochs {
      Console.tell(Self.change(from: before, trainer), isAside: output.json)
    } else if !trainer.changes.isEmpty {
      let settings = trainer.changes.map { "\($0)=\(trainer.configuration.texts[$0] ?? "")" }
      Console.tell("config.yaml has changed: \(settings.joined(separator: " "))", isAside: output.json)
    }
    return (trainer, folder, {})
  }

  /// How a changed number of epochs affects the learning-rate schedule.
  private static func change(from before: Configuration, _ trainer: Trainer) -> String {
    let (after, done) = (trainer.configuration, trainer.epoch + (trainer.steps.done > 0 ? 1 : 0))
    let change = "epochs: \(before.totalEpochs) → \(after.totalEpochs) · "
    guard after.schedule != .cosine || done == 0 else {
      return change + "from epoch \(done + 1) on the learning rate follows a cosine over "
        + "\(counted(after.totalEpochs, "epoch")), and before it one over \(before.totalEpochs): this is not the run that "
        + "\(counted(after.totalEpochs, "epoch")) from the start would have given"
    }
    let schedule =
      after.schedule == .step
      ? "the learning-rate schedule keeps its steps of \(counted(after.scheduleEpochs, "epoch"))"
      : "the learning-rate schedule is \(after.schedule.rawValue)"
    return change
      + "\(schedule), so the result is what \(counted(after.totalEpochs, "epoch")) from the start would "
      + "have given"
  }

  // MARK: - Starting

  /// The settings of a new run.
  func settings() throws -> Configuration {
    if checkpoint != nil { throw UsageError("--checkpoint needs the run it belongs to: --resume RUN") }
    return try model.configuration([("epochs", epochs), ("seed", seed), ("trainable", trainable)])
  }

  private func begun(_ means: TrainingMeans?, _ crew: Crew?) throws -> (
    Trainer, RunFolder, remove: () -> Void
  ) {
    let configuration = try settings()
    // All checks come before the folder is created.
    let interval = try trace.map(Self.interval)
    let start = try from.map { try WeightsSource($0) }
    let dataset = try means?.dataset ?? data.load(from: from)
    let backend = try means?.backend ?? device.open(isAside: output.json)
    let place = try NewRunFolder(out, model: configuration.model)
    do {
      let trainer = try Trainer(
        configuration, dataset: dataset, backend: backend, folder: place.folder,
        start: start.map { .weights($0.file) } ?? .initial, trace: interval, crew: crew)
      return (trainer, place.folder, place.remove)
    } catch {
      place.remove()
      throw start?.explain(error, configuration) ?? error
    }
  }

  private static func interval(_ text: String) throws -> TraceInterval {
    if text == "auto" { return .automatic }
    guard let steps = Int(text), 1...TraceInterval.most ~= steps else {
      throw UsageError(
        "--trace is '\(text)': expected a whole number of steps from 1 to \(TraceInterval.most), or nothing")
    }
    return .every(steps)
  }

  private func announce(_ trainer: Trainer, _ folder: RunFolder) {
    let facts = trainer.manifest.dataset
    var lines = [
      "data: \(facts.name) (\(facts.source)) · \(counted(facts.trainImages, "image")) to train on, "
        + "\(Format.count(facts.validationImages)) to validate on"
    ]
    if let from { lines.append("from: \(from) · \(origin(trainer))") }
    let isDone = trainer.epoch >= trainer.configuration.totalEpochs
    let place =
      isDone
      ? "\(trainer.epoch == 1 ? "its epoch is" : "all \(counted(trainer.epoch, "epoch")) are") done"
      : Self.resumption(trainer)
    lines.append("run: \(folder.url.path)" + (resume == nil ? "" : " · \(place)"))
    if let interval = trainer.manifest.traceInterval {
      lines.append(
        "trace: \(interval == 1 ? "every step" : "every \(interval) steps, and the last of every epoch")")
    }
    for line in lines { Console.tell(line, isAside: output.json) }
  }

  /// `resumes after epoch 3 and step 271`
  private static func resumption(_ trainer: Trainer) -> String {
    let places =
      (trainer.epoch > 0 ? ["epoch \(trainer.epoch)"] : [])
      + (trainer.steps.done > 0 ? ["step \(trainer.steps.done)"] : [])
    return places.isEmpty ? "begins" : "resumes after " + places.joined(separator: " and ")
  }

  /// Which parameters were initialised from the given weights, and which were not.
  private func origin(_ trainer: Trainer) -> String {
    let names = trainer.parameterNames
    let drawn = names.filter { !trainer.taken.contains($0) }
    let others = drawn.isEmpty ? "" : ", but \(drawn.joined(separator: ", ")) are initialised from the seed"
    return "\(trainer.taken.count) of \(counted(names.count, "tensor"))\(others)"
  }
}
