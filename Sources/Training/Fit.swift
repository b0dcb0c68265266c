import Datasets
import Foundation
import Models
import Numerics
import Pictures
import Programs
import Storage

extension Trainer {
  /// Interval of progress reports: each one waits for the device.
  static let pollInterval = Duration.milliseconds(250)

  /// Trains to the end, or to the end of epoch `last`; can be called again.
  ///
  /// - Throws: `TrainingError` naming step and tensor if a value is not finite (the last checkpoint is kept, the
  ///   manifest records the failure), `FileError` if a file cannot be written, or the backend's error.
  package func fit(through last: Int? = nil) throws -> TrainingOutcome {
    // This runs on the caller's thread.
    let outcome = try ArithmeticMode.standard {
      try crew?.lead(self, through: last) { try train(through: last) } ?? train(through: last)
    }
    listener?(.finished(outcome))
    return outcome
  }

  private func train(through last: Int?) throws -> TrainingOutcome {
    let total = configuration.totalEpochs
    let last = min(last ?? total, total)
    do {
      while epoch < last {
        if isExhausted { return try end(.stoppedEarly) }
        if try isStopped() { return try interrupt() }
        try enterPhase()
        guard try runEpoch(last: last) else { return try interrupt() }
        try endEpoch()
      }
    } catch let error as TrainingError where error.kind == .notFinite {
      throw try failed(error)
    }
    if epoch < total { return isExhausted ? try end(.stoppedEarly) : .reached }
    return try end(.finished)
  }

  /// Whether to stop between two epochs.
  private func isStopped() throws -> Bool {
    // Only the gathered answer counts; a later signal counts the next time, or the ranks would diverge.
    try group?.any(stopSignal.isStopped) ?? stopSignal.isStopped
  }

  /// Patience applies to the last phase only, so that an epoch's phase never depends on losses.
  private var isExhausted: Bool {
    session.phase == configuration.trainable.phases.count - 1 && running == nil
      && stopping.isExhausted(patience: configuration.patience)
  }

  /// Enters the phase of the next epoch: parameters are kept, the optimizer is reset.
  func enterPhase() throws {
    let phase = configuration.trainable.phase(of: epoch + 1, default: configuration.epochs).index
    guard phase != session.phase else { return }
    let state = try session.model.state(withOptimizer: false)
    session = try TrainingSession(configuration, phase: phase, data: data, backend: backend, group: group)
    try session.model.write(state)
    stopping.startPhase()
    listener?(.phase(configuration.trainable.phases[phase]))
  }

  /// Runs the remaining steps of the next epoch; false if it was stopped before the last.
  private func runEpoch(last: Int) throws -> Bool {
    var epoch = running ?? RunningEpoch(epoch + 1, configuration, data)
    try session.begin(epoch)
    let clock = ContinuousClock()
    let began = clock.now
    let before = (step: epoch.step, seconds: epoch.seconds)
    var polled = began
    var isFinite = true
    while epoch.step < epoch.batches.count {
      let isStopping = try session.step(epoch.step, wantsStop: stopSignal.isStopped || !isFinite)
      epoch.step += 1
      try recorder?.record(session.model, epoch: epoch.number, step: epoch.step)
      if isStopping || lastStep.map({ $0 == (epoch.number, epoch.step) }) ?? false { break }
      guard group?.rank ?? 0 == 0, polled.duration(to: clock.now) >= Self.pollInterval else { continue }
      let loss = try session.model.loss(step: epoch.step - 1)
      if group == nil { try session.checkFinite(epoch.number) } else { isFinite = try session.isFinite() }
      polled = clock.now
      report(
        epoch, since: before.step, seconds: began.duration(to: polled) / .seconds(1), loss: loss, last: last)
    }
    epoch.losses = try session.model.losses(steps: epoch.step)
    try session.checkFinite(epoch.number)
    epoch.seconds = before.seconds + began.duration(to: clock.now) / .seconds(1)
    running = epoch
    return epoch.step == epoch.batches.count
  }

  private func report(_ epoch: RunningEpoch, since first: Int, seconds: Double, loss: Double, last: Int) {
    let done = epoch.images[first..<epoch.step].reduce(0, +)
    let rest = epoch.images[epoch.step...].reduce(0, +) + (last - epoch.number) * data.train.count
    let rate = Double(done) / seconds
    listener?(
      .progress(
        TrainingProgress(
          epoch: epoch.number, epochs: last, step: epoch.step, steps: epoch.batches.count, loss: loss,
          imagesPerSecond: rate, remainingSeconds: Double(rest) / rate)))
  }

  /// Validates the finished epoch and writes the files; the checkpoint last, since it marks the epoch as completed.
  private func endEpoch() throws {
    let finished = running!
    let train = MetricMeans(losses: finished.losses, slots: session.model.slots, images: finished.images)!
    let state = try session.model.state()
    try group?.requireSame(state, epoch: finished.number, device: backend.device.identifier)
    let validation = try session.validate()
    // The importance-weighted loss is not the sum of its parts.
    let loss =
      validation?.loss
      ?? (configuration.loss == .importanceWeighted
        ? train.loss : train.loss(klWeight: configuration.klWeight))
    guard loss.isFinite else {
      throw TrainingError(
        .notFinite,
        "the validation loss is not finite after step \(finished.step), the last of epoch \(finished.number)"
      )
    }
    epoch = finished.number
    running = nil
    // While the KL weight rises, the training loss differs from the validation loss.
    let isBest = stopping.note(loss, epoch: epoch, isPatient: Double(epoch) <= configuration.klWarmUp)
    if isBest {
      best = state.withoutOptimizer
      manifest.bestEpoch = epoch
    }
    let record = record(finished, train, validation, state)
    manifest.epochs.append(record)
    try writing {
      try noteTrace()
      guard let folder else { return }
      if isBest { try Weights(configuration, state, epoch: epoch).write(to: folder.bestFile, of: manifest) }
      try writePicture(to: folder.pictureFile(epoch: epoch))
      manifest.state = .running
      manifest.failure = nil
      try folder.write(manifest)
      try folder.write(checkpoint(state))
    }
    listener?(.epoch(record, isBest: isBest))
  }

  /// Writes to the folder, if there is one.
  ///
  /// - Throws: what `body` throws; in a group, where only rank 0 writes, ``GroupError`` at all other ranks.
  private func writing(_ body: () throws -> Void) throws {
    let result = Result { try body() }
    guard let group else { return try result.get() }
    if case .failure(let error) = result {
      _ = try group.any(true)
      throw GroupError("\(error)")
    }
    if try group.any(false) { throw GroupError("rank 0 could not write its files") }
  }

  private func record(
    _ finished: RunningEpoch, _ train: MetricMeans, _ validation: MetricMeans?, _ state: ModelState
  ) -> EpochRecord {
    EpochRecord(
      epoch: finished.number, trainLoss: train.loss, validationLoss: validation?.loss,
      trainMetrics: train.named, validationMetrics: validation?.named ?? [:],
      learningRate: configuration.learningRate(
        epoch: finished.number, step: 0, stepsPerEpoch: finished.batches.count),
      seconds: finished.seconds, imagesPerSecond: Double(data.train.count) / finished.seconds,
      stateSHA256: state.sha256, device: backend.device.identifier)
  }

  /// See ``EpochPicture``.
  private func writePicture(to url: URL) throws {
    guard let pictures = try session.pictures() else { return }
    try makeFolder(url.deletingLastPathComponent())
    try EpochPicture.picture(
      pictures.originals, pictures.reconstructions, indices: data.pictureIndices, shape: data.dataset.shape,
      configuration
    ).write(to: url)
  }

  private func interrupt() throws -> TrainingOutcome {
    // If another rank requested the stop, this one must not start another training either.
    if group != nil { stopSignal.stop() }
    try writing {
      try noteTrace()
      if running != nil { try folder?.write(try checkpoint()) }
    }
    return try end(.interrupted)
  }

  private func end(_ outcome: TrainingOutcome) throws -> TrainingOutcome {
    switch outcome {
    case .finished: manifest.state = .finished
    case .stoppedEarly: manifest.state = .stoppedEarly
    case .interrupted: manifest.state = .interrupted
    case .reached: break
    }
    try writing { try folder?.write(manifest) }
    return outcome
  }

  private func failed(_ error: TrainingError) throws -> TrainingError {
    manifest.state = .failed
    manifest.failure = error.description
    guard let folder else {
      return TrainingError(.notFinite, "\(error.description): try a smaller learning-rate, or clip-norm")
    }
    try folder.write(manifest)
    let steps = (try? Checkpoint(contentsOf: folder.checkpointFile).step) ?? 0
    let place = "after epoch \(epoch)" + (steps > 0 ? " and \(counted(steps, "step"))" : "")
    return TrainingError(
      .notFinite,
      "\(error.description); the last good checkpoint, \(place), is \(folder.checkpointFile.path): begin a new run from "
        + "there with a smaller learning-rate, or clip-norm",
      remedy: .beginAnew(model: configuration.model.rawValue, from: folder.url.path))
  }
}
