import Datasets
import Foundation
import Models
import Storage
import Synchronization
import Training

/// A training run of a model on a device, which can be stopped and resumed.
///
/// ```swift
/// let run = try TrainingRun(Configuration(.convAutoencoder), images, device: Device())
/// for try await event in run.events() {
///   if case .epoch(let record, _) = event { print(record.epoch, record.trainLoss) }
/// }
/// let model = try run.model()
/// ```
///
/// Determinism: configuration and images determine every bit; device, threads, and where a run was stopped and resumed
/// do not matter.
///
/// Thread-safe; calls that train run one after another.
public final class TrainingRun: Sendable {
  /// The configuration, with shape and classes of the images.
  public let configuration: Configuration
  /// The device it trains on.
  public let device: Device
  /// The folder of its files; nil for none. Locked for as long as this object lives.
  public let folder: URL?
  /// Held while training.
  private let trainer: Mutex<Trainer>
  private let epochRecords: Mutex<[EpochRecord]>
  /// Stops the most recent training.
  private let signal = Mutex(StopSignal())

  /// Starts a run.
  ///
  /// - Parameters:
  ///   - configuration: model and settings.
  ///   - images: the training images. Some of them are held out for validation; see ``Configuration/validation``.
  ///   - test: images whose reconstructions are written to the folder, epoch by epoch; nil: some of `images`. They do
  ///     not train, but are part of the data set that a resumed run must be given.
  ///   - device: the device.
  ///   - folder: a new folder for configuration, manifest, checkpoints, best weights and pictures; nil: nothing is
  ///     written.
  ///   - start: a model to start from, whose parameters are used as far as names agree; nil: the initial values of
  ///     the configuration's seed.
  ///   - trace: which steps to trace: the file `trace` in the folder gets the SHA-256 of every tensor of parameters and
  ///     optimizer state after them, the same on every device, by which `facsimile compare` and `verify` name the first step
  ///     and tensor that differ. nil: none. A resumed run continues its trace.
  /// - Throws: `ConfigurationError`, `ProgramError` if settings or layers do not fit together, `TrainingError` if
  ///   images, weights, the folder or the trace do not fit, `DatasetError`, `FolderInUse`, `FileError`; or the device's error.
  public convenience init(
    _ configuration: Configuration, _ images: Images, test: Images? = nil, device: Device, folder: URL? = nil,
    startingWith start: TrainedModel? = nil, trace: TraceInterval? = nil
  ) throws {
    try configuration.validate()
    guard trace == nil || folder != nil else {
      throw TrainingError(.run, "a trace is written to the run's folder, and there is none: give a folder")
    }
    let dataset = try images.dataset(test: test)
    let weights = try start?.weights.file()
    let isNew = folder.map { !Files.exists($0) } ?? false
    do {
      let runFolder = try folder.map { try RunFolder(creating: $0) }
      self.init(
        try Trainer(
          configuration, dataset: dataset, backend: device.backend, folder: runFolder,
          start: weights.map { .weights($0) } ?? .initial, trace: trace), device)
    } catch {
      // Nothing has begun that could be resumed.
      if isNew, let folder { try? removeAll(folder) }
      throw error
    }
  }

  /// Resumes the run in `folder` as if it had never stopped.
  ///
  /// - Parameters:
  ///   - folder: the folder of a run.
  ///   - images: the same images as before.
  ///   - test: the same test images as before.
  ///   - device: any device.
  ///   - architecture: a custom model's layers, the same as before.
  /// - Throws: `TrainingError` if images or settings differ, or the folder is not a run's; `FolderInUse`;
  ///   `SafeTensorsError`, `FileError` if its files cannot be read; or the device's error.
  public convenience init(
    resuming folder: URL, _ images: Images, test: Images? = nil, device: Device,
    architecture: Architecture? = nil
  ) throws {
    self.init(
      try Trainer(
        resuming: RunFolder(resuming: folder), dataset: images.dataset(test: test), backend: device.backend,
        architecture: architecture), device)
  }

  private init(_ trainer: sending Trainer, _ device: Device) {
    configuration = trainer.configuration
    folder = trainer.folder?.url
    self.device = device
    epochRecords = Mutex(trainer.manifest.epochs)
    self.trainer = Mutex(trainer)
  }

  /// Every completed epoch, with its losses and the hash of the state after it; also while training.
  public var epochs: [EpochRecord] { epochRecords.withLock { $0 } }

  /// Trains on its own thread and reports events: see ``TrainingEvents``.
  ///
  /// - Parameter last: the epoch to stop after; nil: the configuration's last.
  public func events(through last: Int? = nil) -> TrainingEvents {
    let signal = begin()
    let queue = EventQueue()
    let handover = Mutex<TrainingRun?>(self)
    let thread = Thread {
      let end = Result {
        _ = try handover.withLock { $0.take()! }.train(signal, through: last) { queue.add($0) }
      }
      // This thread no longer holds the run, so its folder may be resumed by a listener.
      queue.finish(end)
    }
    thread.name = "facsimile.training"
    thread.start()
    return TrainingEvents(queue, signal)
  }

  /// Trains until the end or a stop; continues where it stopped.
  ///
  /// - Parameters:
  ///   - last: the epoch to stop after; nil: the configuration's last.
  ///   - listener: called for every event, on the calling thread; it must not call ``model(_:)`` of this run.
  /// - Returns: why training ended.
  /// - Throws: `TrainingError` naming step and tensor if a value is not finite, `FileError` if a file cannot be
  ///   written, or the device's error.
  @discardableResult
  public func fit(
    through last: Int? = nil, _ listener: @escaping @Sendable (TrainingEvent) -> Void = { _ in }
  ) throws -> TrainingOutcome {
    try train(begin(), through: last, listener)
  }

  /// Requests the current training to stop after its step, with a checkpoint if there is a folder. Does not wait.
  public func stop() { signal.withLock { $0.stop() } }

  /// The model as trained so far; waits for the current training.
  ///
  /// - Parameter choice: the epoch of the lowest validation loss (of the lowest training loss if no images are held
  ///   out), or the current state; both are the same before the first epoch is done.
  /// - Throws: the device's error.
  public func model(_ choice: TrainedModel.Choice = .best) throws -> TrainedModel {
    try trainer.withLock { trainer in
      let state: ModelState
      if choice == .best, let best = trainer.best {
        state = best
      } else {
        state = try trainer.checkpoint().state
      }
      let epoch = choice == .best ? trainer.stopping.bestEpoch : trainer.epoch
      return TrainedModel(Weights(configuration, state, epoch: epoch), device)
    }
  }

  private func begin() -> StopSignal {
    let fresh = StopSignal()
    signal.withLock { $0 = fresh }
    return fresh
  }

  private func train(
    _ signal: StopSignal, through last: Int?, _ listener: @escaping @Sendable (TrainingEvent) -> Void
  ) throws -> TrainingOutcome {
    try trainer.withLock { trainer in
      trainer.stopSignal = signal
      trainer.listener = { [self] event in
        if case .epoch(let record, _) = event { epochRecords.withLock { $0.append(record) } }
        listener(event)
      }
      defer { trainer.listener = nil }
      return try trainer.fit(through: last)
    }
  }
}
