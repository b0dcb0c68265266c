import Datasets
import Models
import Numerics
import Programs
import Storage
import Training

/// Trains a run again, without a folder, and compares every epoch with what the run's manifest says.
///
/// Determinism: the verdict depends on the device only if its bits do.
package struct Verifier {
  private let folder: RunFolder
  /// The manifest of the run.
  package let manifest: Manifest
  /// Its trace, if it has one.
  let trace: Trace?

  /// A run whose files are intact; for another version of the contract, only the manifest can be checked.
  ///
  /// - Throws: as ``RunFolder/requireIntact()``.
  package init(_ folder: RunFolder) throws {
    self.folder = folder
    var manifest = try folder.manifest()
    while manifest.numericsContract == contractVersion {
      do {
        manifest = try folder.requireIntact()
        break
      } catch {
        // A running training may have written an epoch between two reads.
        let now = try folder.manifest()
        if now == manifest { throw error }
        manifest = now
      }
    }
    self.manifest = manifest
    trace = manifest.numericsContract == contractVersion ? try folder.trace(of: manifest) : nil
  }

  /// Why the run cannot be trained again at all, whatever is provided; nil if it can.
  package var obstacle: String? {
    if manifest.numericsContract != contractVersion {
      return
        "the run follows version \(manifest.numericsContract) of the numerics contract, and this program version "
        + "\(contractVersion): use the version of Facsimile that trained it, \(manifest.version)"
    }
    return manifest.epochs.isEmpty ? "the run has no completed epoch yet" : nil
  }

  /// Trains epochs again and compares them.
  ///
  /// - Parameters:
  ///   - epochs: which, from 1 to the last completed one; training starts from the checkpoint before the first, if the run
  ///     keeps one, else from the beginning.
  ///   - dataset: the images.
  ///   - backend: the device.
  ///   - signal: stops the training.
  ///   - listener: called for every event of the training.
  /// - Returns: the verdict; nil if it was stopped.
  /// - Throws: the backend's error, or that of a file of the run.
  package func verify(
    _ epochs: ClosedRange<Int>, dataset: Dataset, backend: any Backend, signal: StopSignal,
    listener: @escaping (TrainingEvent) -> Void
  ) throws -> Verification? {
    guard dataset.sha256 == manifest.dataset.sha256 else {
      return Verification(
        .inconclusive,
        "the run was trained on \(manifest.dataset.name) with SHA-256 \(manifest.dataset.sha256), and \(dataset.title) has "
          + "\(dataset.sha256): provide that data set with --data")
    }
    let trainer = try trainer(before: epochs.lowerBound, dataset, backend)
    trainer.stopSignal = signal
    trainer.listener = listener
    if trainer.epoch == 0, trainer.manifest.initialSHA256 != manifest.initialSHA256 {
      return diverged(0, "the initial parameters have other bits", nil)
    }
    let watch = trace.map(TraceWatch.init)
    if let watch { trainer.follow(watch.trace.plan) { watch.compare($0) } }
    let first = trainer.epoch + 1
    for epoch in first...epochs.upperBound {
      do {
        if try trainer.fit(through: epoch) == .interrupted { return nil }
      } catch let error as TrainingError where error.kind == .notFinite {
        return diverged(epoch, error.description, nil)
      }
      if let difference = try difference(trainer, epoch, watch?.difference) { return difference }
    }
    if epochs.upperBound == manifest.epochs.count, first == 1, let difference = try bestDifference(trainer) {
      return difference
    }
    let (state, device) = (manifest.epochs[epochs.upperBound - 1].stateSHA256, backend.device.identifier)
    var verification = Verification(
      .reproduced, "\(Self.title(first...epochs.upperBound)) on \(device) with the same bits: state \(state)")
    verification.epochs = first...epochs.upperBound
    return verification
  }

  /// `epoch 3`, `epochs 1 to 5`
  private static func title(_ epochs: ClosedRange<Int>) -> String {
    epochs.count == 1
      ? "epoch \(epochs.lowerBound)" : "epochs \(epochs.lowerBound) to \(epochs.upperBound)"
  }

  /// A training of the run from the newest checkpoint before `epoch` that it keeps, or from the start.
  func trainer(before epoch: Int, _ dataset: Dataset, _ backend: any Backend) throws -> Trainer {
    var configuration = manifest.configuration
    // Resuming may have changed it, and it affects no bits.
    configuration.patience = 0
    let start: Trainer.Start
    if epoch > 1, let kept = try folder.keptCheckpoint(atMost: epoch - 1) {
      start = .checkpoint(kept)
    } else if configuration.initialWeights != nil {
      start = .weights(try SafeTensors(contentsOf: folder.initialFile))
    } else {
      start = .initial
    }
    return try Trainer(configuration, dataset: dataset, backend: backend, start: start)
  }

  private func difference(_ trainer: Trainer, _ epoch: Int, _ traced: TraceDifference?) throws
    -> Verification?
  {
    let (ours, theirs) = (trainer.manifest.epochs.last!, manifest.epochs[epoch - 1])
    if ours.learningRate.bitPattern != theirs.learningRate.bitPattern {
      return Verification(
        .inconclusive,
        "epoch \(epoch) of the run began with the learning rate \(theirs.learningRate), and its settings give "
          + "\(ours.learningRate): the number of epochs was changed while it was trained, so it cannot be trained again in one go"
      )
    }
    let difference = ours.difference(from: theirs)
    if let traced {
      let after = difference ?? "the epoch ends with the same bits"
      var verification = Verification(
        .diverged, "in \(traced.title): \(traced.tensor) has other bits than in the trace; \(after)")
      (verification.epoch, verification.step, verification.tensor) = (
        traced.epoch, traced.step, traced.tensor
      )
      if epoch > 1 { verification.epochs = 1...epoch - 1 }
      return verification
    }
    guard let difference else { return nil }
    return diverged(epoch, difference, try tensor(trainer, epoch))
  }

  /// The first tensor that differs, if the run has a checkpoint of that epoch.
  private func tensor(_ trainer: Trainer, _ epoch: Int) throws -> String? {
    guard let theirs = try folder.checkpoint(after: epoch) else { return nil }
    return try trainer.checkpoint().state.difference(from: theirs.state)
      .map { "\($0.tensor)[\($0.place)] is \($0.ours), and the run has \($0.theirs)" }
  }

  private func bestDifference(_ trainer: Trainer) throws -> Verification? {
    guard trainer.manifest.bestEpoch == manifest.bestEpoch else {
      return diverged(
        manifest.bestEpoch,
        "the best epoch is \(trainer.manifest.bestEpoch), and the run has \(manifest.bestEpoch)", nil)
    }
    let theirs = try Weights(run: folder, .best)
    guard manifest.bestEpoch > 0, theirs.epoch == manifest.bestEpoch,
      let difference = trainer.best?.difference(from: theirs.state)
    else { return nil }
    return diverged(
      manifest.bestEpoch, "the weights of the best epoch differ",
      "\(difference.tensor)[\(difference.place)] is \(difference.ours), and the run has \(difference.theirs)")
  }

  private func diverged(_ epoch: Int, _ reason: String, _ tensor: String?) -> Verification {
    let place = epoch == 0 ? "before the first epoch" : "in epoch \(epoch)"
    var verification = Verification(.diverged, "\(place): \(reason)" + (tensor.map { "; \($0)" } ?? ""))
    (verification.epoch, verification.tensor) = (epoch, tensor.map { String($0.prefix { $0 != "[" }) })
    if epoch > 1 { verification.epochs = 1...epoch - 1 }
    return verification
  }
}
