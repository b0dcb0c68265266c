import Datasets
import Foundation
import Models
import Numerics
import Programs
import Storage

/// Trains one model on one device, epoch by epoch; with a run folder it can be stopped and resumed at any step.
package final class Trainer {
  /// The initial state of training.
  package enum Start: Sendable {
    /// Initial parameters drawn from the configuration's seed.
    case initial
    /// The same, with tensors replaced by those of a file. The configuration's `initial-weights` must be nil or the
    /// SHA-256 of the result, and is set to it.
    case weights(SafeTensors)
    /// The state of a checkpoint.
    case checkpoint(Checkpoint)
  }

  /// The configuration, with sizes taken from the data.
  package let configuration: Configuration
  /// The images.
  package let data: TrainingData
  /// The device.
  package let backend: any Backend
  /// The output folder; nil for none.
  package let folder: RunFolder?
  /// The processes that train together, of which rank 0 alone has a folder; nil: this one alone.
  package let group: (any Collective)?
  /// The crew of that group, if this is rank 0 and leads one.
  private(set) var crew: Crew?
  /// Training and validation images that were given.
  let split: (train: [UInt32], validation: [UInt32])?
  /// Names of the parameters initialised from a file instead of the seed.
  package let taken: [String]
  /// Keys changed in `config.yaml` since the last session.
  package private(set) var changes: [String] = []
  /// Called for every event, on the training thread.
  package var listener: ((TrainingEvent) -> Void)?
  /// Stops the training.
  package var stopSignal = StopSignal()
  /// Stops the training after this step of an epoch, as a signal does.
  package var lastStep: (epoch: Int, step: Int)?

  /// The manifest, with a record of every completed epoch.
  package internal(set) var manifest: Manifest
  /// Number of completed epochs.
  package internal(set) var epoch: Int
  /// The best loss so far.
  package internal(set) var stopping: EarlyStopping
  /// The parameters of the best epoch; nil before the first.
  package internal(set) var best: ModelState?

  /// Completed steps of the next epoch (0 between epochs), and its number of steps.
  package var steps: (done: Int, all: Int) { (running?.step ?? 0, running?.batches.count ?? 0) }

  /// Names of all parameters, in state order.
  package var parameterNames: [String] { session.model.table.parameters.map(\.name) }

  var session: TrainingSession
  var running: RunningEpoch?
  /// Hashes the state after traced steps; nil for none.
  var recorder: TraceRecorder?
  var traceFile: TraceFile?
  /// Whether the run had a trace that has been deleted since it was last trained.
  package internal(set) var hasLostTrace = false

  /// Starts a run.
  ///
  /// - Parameters:
  ///   - configuration: model and settings.
  ///   - dataset: the images.
  ///   - backend: the device.
  ///   - folder: the output folder; nil for none.
  ///   - start: the initial state.
  ///   - split: training and validation images; nil: split by the configuration.
  ///   - trace: which steps of a new run with a folder to trace; nil for none.
  ///   - group: the processes that train together, all with the same data and configuration; those of other ranks than 0
  ///     start from rank 0's ``checkpoint()``, without a folder. nil: this one alone.
  ///   - crew: instead of a group, at rank 0: the processes that it leads.
  /// - Throws: `ConfigurationError`, `TrainingError`, `DatasetError`, or the backend's error.
  package init(
    _ configuration: Configuration, dataset: Dataset, backend: any Backend, folder: RunFolder? = nil,
    start: Start = .initial, split: (train: [UInt32], validation: [UInt32])? = nil,
    trace: TraceInterval? = nil, group: (any Collective)? = nil, crew: Crew? = nil
  ) throws {
    var configuration = configuration
    self.backend = backend
    self.folder = folder
    self.group = crew?.group ?? group
    self.crew = crew
    self.split = split
    try configuration.requireParts(for: self.group?.count ?? 1)
    data = try TrainingData(dataset, configuration, split: split)
    try configuration.take(dataset)
    (epoch, stopping, running) = (0, EarlyStopping(), nil)
    if case .checkpoint(let checkpoint) = start {
      epoch = checkpoint.epoch
      stopping = checkpoint.stopping
      running = try Self.running(checkpoint, data)
    }
    // Between epochs this is the phase that ended, if any: `fit` then enters the next.
    let phase = configuration.trainable.phase(
      of: running?.number ?? max(epoch, 1), default: configuration.epochs)
    session = try TrainingSession(
      configuration, phase: phase.index, data: data, backend: backend, group: self.group)

    if case .checkpoint(let checkpoint) = start {
      guard checkpoint.losses.count == checkpoint.step * session.model.slots.count else {
        throw TrainingError(
          .run,
          "the checkpoint has \(checkpoint.losses.count) losses for \(checkpoint.step) steps, expected "
            + "\(session.model.slots.count) each: it is damaged")
      }
      self.configuration = configuration
      taken = []
      try session.model.write(checkpoint.state)
      manifest = Manifest(configuration, data, backend.device, initial: checkpoint.state)
      return
    }
    try session.model.initialise()
    var state = try session.model.state()
    if case .weights(let file) = start {
      taken = try state.transfer(from: file)
      try session.model.write(state)
      try configuration.begin(with: state)
    } else {
      taken = []
      try configuration.requireSeed()
    }
    self.configuration = configuration
    manifest = Manifest(configuration, data, backend.device, initial: state)
    manifest.traceInterval = try trace?.steps(for: configuration)
    try begin(state)
  }

  /// Resumes a run as if it had never been stopped.
  ///
  /// - Parameters:
  ///   - checkpoint: a checkpoint of the run to resume from; nil for the last, `checkpoint.safetensors`.
  ///   - epochs: the total number of epochs, which is written to `config.yaml`; nil: as in `config.yaml`.
  ///   - split: training and validation images, as when the run started; nil: split by the configuration.
  ///   - architecture: a custom model's layers, the same as before.
  ///   - group: the processes that train together, of which this one is rank 0; nil: this one alone.
  ///   - crew: instead of a group: the processes that this one leads.
  /// - Throws: `TrainingError` if the data set or the configuration differs, or a file is damaged; otherwise as `init`.
  package convenience init(
    resuming folder: RunFolder, dataset: Dataset, backend: any Backend, checkpoint file: URL? = nil,
    epochs: Int? = nil, split: (train: [UInt32], validation: [UInt32])? = nil,
    architecture: Architecture? = nil, group: (any Collective)? = nil, crew: Crew? = nil
  ) throws {
    var configuration = try folder.configuration(architecture: architecture)
    let trained = try folder.manifest(architecture: architecture)
    var manifest = trained
    guard manifest.dataset.sha256 == dataset.sha256 else {
      throw TrainingError(
        .data,
        "\(folder.url.path) was trained on data of SHA-256 \(manifest.dataset.sha256), but \(dataset.title) "
          + "has \(dataset.sha256): give the same data set")
    }
    try configuration.take(dataset)
    if let epochs { try configuration.lengthen(to: epochs, manifest) }
    try folder.require(configuration, of: manifest)
    let checkpoint = try folder.checkpoint(file, of: manifest, configuration, architecture: architecture)
    try self.init(
      configuration, dataset: dataset, backend: backend, folder: folder, start: .checkpoint(checkpoint),
      split: split, group: group, crew: crew)
    changes = configuration.pairs.filter { manifest.configuration.texts[$0.key] != $0.value }.map(\.key)
    manifest.configuration = configuration
    // A run killed between manifest and checkpoint repeats that epoch, with the same bits.
    manifest.epochs.removeAll { $0.epoch > checkpoint.epoch }
    manifest.device = Manifest.Device(backend.device)
    manifest.sessions = (manifest.sessions ?? []) + [Session(backend.device, dataset)]
    manifest.bestEpoch = stopping.bestEpoch
    (manifest.state, manifest.failure) = (.running, nil)
    self.manifest = manifest
    best = try Self.best(of: folder, checkpoint, configuration, manifest, isExplicit: file != nil)
    let trace = try resumedTrace(folder, trained, after: checkpoint)
    // Rewritten in our own format in case it was edited: `verify` compares every byte.
    try folder.write(configuration)
    try folder.write(self.manifest)
    // After the manifest: a trace may be ahead of it, not behind.
    if let trace { try trace.file.truncate(trace.plan) }
  }

  deinit { crew?.forget(self) }

  /// Prepares the processes that this one leads, if any, for training; otherwise ``fit(through:)`` does so.
  ///
  /// - Throws: ``GroupError`` that names a process that fails.
  package func prepareCrew() throws { try crew?.prepare(self) }

  /// The weights of the best epoch, if it is among the completed ones.
  ///
  /// - Throws: `TrainingError` if `best.safetensors` is damaged and cannot be restored: its weights are not those of
  ///   the checkpoint, and no earlier checkpoint was requested explicitly.
  private static func best(
    of folder: RunFolder, _ checkpoint: Checkpoint, _ configuration: Configuration, _ manifest: Manifest,
    isExplicit: Bool
  ) throws -> ModelState? {
    let epoch = checkpoint.stopping.bestEpoch
    guard epoch > 0 else { return nil }
    do {
      let weights = try Weights.best(of: folder, configuration, manifest)
      // If the best epoch is repeated, it writes its weights again.
      return weights.epoch == epoch ? weights.state : nil
    } catch {
      guard isOfTheFiles(error) else { throw error }
      if checkpoint.step == 0, checkpoint.epoch == epoch {
        try Weights(configuration, checkpoint.state, epoch: epoch).write(to: folder.bestFile, of: manifest)
        return checkpoint.state.withoutOptimizer
      }
      if isExplicit { return nil }
      throw error
    }
  }

  /// The unfinished epoch of `checkpoint`.
  private static func running(
    _ checkpoint: Checkpoint, _ data: TrainingData
  ) throws -> RunningEpoch? {
    guard checkpoint.step > 0 else { return nil }
    // With the settings at the start of the epoch: a changed number of epochs affects the schedule from the next epoch on.
    var began = checkpoint.configuration
    try began.take(data.dataset)
    var running = RunningEpoch(checkpoint.epoch + 1, began, data, table: checkpoint.table)
    let expected = ArithmeticMode.standard { [began] in RunningEpoch(checkpoint.epoch + 1, began, data).table
    }
    guard expected == checkpoint.table else {
      throw TrainingError(
        .run,
        "the checkpoint has another table of steps than epoch \(checkpoint.epoch + 1) of the run: it is damaged"
      )
    }
    running.step = checkpoint.step
    running.losses = checkpoint.losses
    running.seconds = checkpoint.seconds
    return running
  }

  /// Writes the first files of a run; config.yaml last, since it makes the folder a run folder.
  private func begin(_ state: ModelState) throws {
    guard let folder else { return }
    if !taken.isEmpty { try Weights(configuration, state).write(to: folder.initialFile, of: manifest) }
    if let plan = try TracePlan(manifest) {
      record(to: try TraceFile(creating: folder.traceFile, plan), plan)
    }
    try folder.write(checkpoint(state))
    try folder.write(manifest)
    try folder.write(configuration)
  }

  /// A checkpoint of the current state.
  ///
  /// - Throws: the backend's error.
  package func checkpoint() throws -> Checkpoint {
    checkpoint(try session.model.state())
  }

  func checkpoint(_ state: ModelState) -> Checkpoint {
    Checkpoint(
      running?.configuration ?? configuration, datasetSHA256: data.dataset.sha256, state: state, epoch: epoch,
      running: running,
      stopping: stopping,
      epochSHA256: running == nil ? state.sha256 : manifest.epochs.last?.stateSHA256 ?? manifest.initialSHA256
    )
  }
}
