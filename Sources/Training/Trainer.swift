import Datasets
import Foundation
import Models
import Programs
import Storage

/// Trains one model on one device, epoch by epoch; with a run folder it can stop and go on at any step.
package final class Trainer {
  /// What training begins with.
  package enum Start: Sendable {
    /// The initial parameters of the configuration's seed.
    case initial
    /// The same, but for the tensors that a file has. The configuration's `initial-weights` must be the SHA-256 of
    /// what comes of it, or nil, and becomes it.
    case weights(SafeTensors)
    /// Where another run was.
    case checkpoint(Checkpoint)
  }

  /// Everything that decides the bits, with the data.
  package let configuration: Configuration
  /// The images.
  package let data: TrainingData
  /// The device.
  package let backend: any Backend
  /// Where files go; nil for none.
  package let folder: RunFolder?
  /// Names of the parameters that did not begin as the seed draws them but were taken from a file.
  package let taken: [String]
  /// Hears of what happens, on the thread that trains.
  package var listener: ((TrainingEvent) -> Void)?
  /// Who may ask to stop.
  package var stopSignal = StopSignal()

  /// How the run stands, with a record of every epoch that is done.
  package internal(set) var manifest: Manifest
  /// Epochs that are done.
  package internal(set) var epoch: Int
  /// The best loss so far.
  package internal(set) var stopping: EarlyStopping
  /// The parameters of the best epoch; nil before the first.
  package internal(set) var best: ModelState?

  /// Names of all parameters, in state order.
  package var parameterNames: [String] { session.model.table.parameters.map(\.name) }

  var session: TrainingSession
  var running: RunningEpoch?

  /// Begins a run.
  ///
  /// - Parameters:
  ///   - configuration: everything that decides the bits.
  ///   - dataset: the images.
  ///   - backend: the device.
  ///   - folder: where files go; nil for none.
  ///   - start: what training begins with.
  ///   - split: which training images train and which are held back; nil: as the configuration says.
  /// - Throws: `ConfigurationError`, `TrainingError`, `DatasetError`, or the backend's error.
  package init(
    _ configuration: Configuration, dataset: Dataset, backend: any Backend, folder: RunFolder? = nil,
    start: Start = .initial, split: (train: [UInt32], validation: [UInt32])? = nil
  ) throws {
    var configuration = configuration
    self.backend = backend
    self.folder = folder
    data = try TrainingData(dataset, configuration, split: split)
    try configuration.take(dataset)
    (epoch, stopping, running) = (0, EarlyStopping(), nil)
    if case .checkpoint(let checkpoint) = start {
      epoch = checkpoint.epoch
      stopping = checkpoint.stopping
      running = try Self.running(checkpoint, configuration, data)
    }
    // Between epochs this is the phase that ended, if one did: `fit` then enters the next as it always does.
    let phase = configuration.trainable.phase(
      of: running?.number ?? max(epoch, 1), default: configuration.epochs)
    session = try TrainingSession(configuration, phase: phase.index, data: data, backend: backend)

    if case .checkpoint(let checkpoint) = start {
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
    try begin(state)
  }

  /// Goes on with a run as if it had never stopped.
  ///
  /// - Parameter architecture: a custom model's layers, the same as before.
  /// - Throws: `TrainingError` where the data set or the configuration is another; else as `init`.
  package convenience init(
    resuming folder: RunFolder, dataset: Dataset, backend: any Backend, architecture: Architecture? = nil
  ) throws {
    var configuration = try folder.configuration(architecture: architecture)
    let checkpoint = try Checkpoint(contentsOf: folder.checkpointFile, architecture: architecture)
    guard checkpoint.datasetSHA256 == dataset.sha256 else {
      throw TrainingError(
        .data,
        "\(folder.url.path) was trained on data of SHA-256 \(checkpoint.datasetSHA256), but \(dataset.title) "
          + "has \(dataset.sha256): give the same data set")
    }
    // A run begun before there were other sizes says neither shape nor classes.
    var began = checkpoint.configuration
    try configuration.take(dataset)
    try began.take(dataset)
    try Self.checkUnchanged(configuration, since: began, folder)
    try self.init(
      configuration, dataset: dataset, backend: backend, folder: folder, start: .checkpoint(checkpoint))
    var manifest = try folder.manifest(architecture: architecture)
    manifest.configuration = configuration
    // A run killed between manifest and checkpoint trains that epoch again, with the same bits.
    manifest.epochs.removeAll { $0.epoch > checkpoint.epoch }
    manifest.device = Manifest.Device(backend.device)
    manifest.bestEpoch = stopping.bestEpoch
    (manifest.state, manifest.failure) = (.running, nil)
    self.manifest = manifest
    if stopping.bestEpoch > 0 {
      let file = try SafeTensors(contentsOf: folder.bestFile)
      // A best file of an epoch that is to be trained again comes anew with that epoch.
      if file.metadata["epoch"] == "\(stopping.bestEpoch)" {
        best = try ModelState(file, table: session.model.table)
      }
    }
    try folder.write(manifest)
  }

  /// Keys that a run may change on the way without changing the epochs that are done: `epochs` only where the
  /// learning rate does not follow them.
  private static func changeable(_ configuration: Configuration) -> Set<String> {
    Set(["patience", "keep-checkpoints"]).union(configuration.schedule == .cosine ? [] : ["epochs"])
  }

  private static func checkUnchanged(
    _ configuration: Configuration, since old: Configuration, _ folder: RunFolder
  ) throws {
    let before = old.texts
    let changeable = changeable(old)
    for (key, value) in configuration.pairs where !changeable.contains(key) && before[key] != value {
      throw TrainingError(
        .run,
        "\(folder.configurationFile.path) says \(key) is \(value), but the run was begun with "
          + "\(before[key] ?? "another model"): only \(changeable.sorted().joined(separator: ", ")) may change"
      )
    }
  }

  /// The epoch that `checkpoint` was in the middle of.
  private static func running(
    _ checkpoint: Checkpoint, _ configuration: Configuration, _ data: TrainingData
  ) throws -> RunningEpoch? {
    guard checkpoint.step > 0 else { return nil }
    var running = RunningEpoch(checkpoint.epoch + 1, configuration, data, table: checkpoint.table)
    guard running.batches.count * StepTable.width == checkpoint.table.count else {
      throw TrainingError(.run, "the checkpoint has another number of steps than \(running.batches.count)")
    }
    running.step = checkpoint.step
    running.losses = checkpoint.losses
    running.seconds = checkpoint.seconds
    return running
  }

  /// Writes the first files of a run; config.yaml last, since it makes the folder a run folder.
  private func begin(_ state: ModelState) throws {
    guard let folder else { return }
    if !taken.isEmpty { try Weights(configuration, state).write(to: folder.initialFile) }
    try folder.write(checkpoint(state))
    try folder.write(manifest)
    try folder.write(configuration)
  }

  /// Everything needed to go on from here.
  ///
  /// - Throws: the backend's error.
  package func checkpoint() throws -> Checkpoint {
    checkpoint(try session.model.state())
  }

  func checkpoint(_ state: ModelState) -> Checkpoint {
    Checkpoint(
      configuration, datasetSHA256: data.dataset.sha256, state: state, epoch: epoch, running: running,
      stopping: stopping)
  }
}

extension Configuration {
  /// Notes that training begins with the parameters of `state`.
  ///
  /// Throws: `TrainingError` where it is to begin with others.
  fileprivate mutating func begin(with state: ModelState) throws {
    let hash = state.withoutOptimizer.sha256
    guard initialWeights == nil || initialWeights == hash else {
      throw TrainingError(
        .weights,
        "initial-weights is \(initialWeights!), but these weights give \(hash): give the initial.safetensors of the run "
          + "that the configuration is from, or set initial-weights=seed to begin another run")
    }
    initialWeights = hash
  }

  /// Throws: `TrainingError` where training is to begin with weights that nobody gave.
  fileprivate func requireSeed() throws {
    guard let initialWeights else { return }
    throw TrainingError(
      .weights,
      "initial-weights is \(initialWeights): give those weights (the run that the configuration is from holds them in "
        + "initial.safetensors), or set initial-weights=seed", remedy: .giveWeights)
  }
}

extension RunningEpoch {
  /// The epoch from its first step; `table` where it is known already.
  init(_ number: Int, _ configuration: Configuration, _ data: TrainingData, table: [UInt32]? = nil) {
    let order = data.order(seed: configuration.seed, epoch: number)
    self.number = number
    batches = stride(from: 0, to: order.count, by: configuration.batchSize).map {
      order[$0..<min($0 + configuration.batchSize, order.count)]
    }
    self.table = table ?? configuration.trainingTable(epoch: number, batches: batches.map(\.count)).words
  }
}
