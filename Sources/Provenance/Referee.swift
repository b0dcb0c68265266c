import Datasets
import Models
import Programs
import Training

/// The result of a third training about two runs that differ.
package struct Ruling: Sendable, Equatable {
  /// Which run is right.
  package enum Verdict: String, Sendable, Encodable {
    case first, second, neither
  }

  /// Which run is right.
  package let verdict: Verdict
  /// The same in one line.
  package private(set) var reason: String
  /// The first operation of the step that one of the runs' devices computes with other bits, if that is reproducible.
  package private(set) var operation: String?

  init(verdict: Verdict, reason: String) { (self.verdict, self.reason) = (verdict, reason) }

  fileprivate mutating func add(_ operation: (found: AuditedOperation?, text: String)) {
    reason += "; " + operation.text
    self.operation = operation.found?.operation
  }
}

extension RunComparer {
  /// Trains again, on `backend`, from the last checkpoint that both have in common, or from the start, to the first
  /// difference, and says which run has the same bits.
  ///
  /// - Parameters:
  ///   - comparison: what ``compare()`` found.
  ///   - listener: called for every event of the training.
  ///   - device: opens a device by its identifier; nil if it does not exist.
  /// - Returns: the ruling; nil if it was stopped.
  /// - Throws: `TrainingError` if there is nothing to decide or the data differ; the backend's error.
  package func referee(
    _ comparison: Comparison, dataset: Dataset, backend: any Backend, signal: StopSignal,
    listener: @escaping (TrainingEvent) -> Void, device: (String) -> (any Backend)?
  ) throws -> Ruling? {
    guard let epoch = comparison.epoch, comparison.isOfOneTraining else {
      throw TrainingError(.run, "these runs are not of one training, so there is nothing to referee")
    }
    guard dataset.sha256 == manifests.first.dataset.sha256 else {
      throw TrainingError(
        .data, "\(dataset.title) is not the data set that the runs were trained on: name it with --data")
    }
    let trainer = try trainer(before: max(epoch, 1), dataset, backend)
    (trainer.stopSignal, trainer.listener) = (signal, listener)
    if epoch == 0 {
      let initial = trainer.manifest.initialSHA256
      return ruling(
        initial == manifests.first.initialSHA256, initial == manifests.second.initialSHA256, trainer,
        comparison)
    }
    guard let difference = comparison.difference, let traces else {
      guard try trainer.fit(through: epoch) != .interrupted else { return nil }
      let record = trainer.manifest.epochs.last!
      func agrees(_ manifest: Manifest) -> Bool { record.difference(from: manifest.epochs[epoch - 1]) == nil }
      return ruling(agrees(manifests.first), agrees(manifests.second), trainer, comparison)
    }
    let plan = traces.first.plan
    let (a, b) = (TraceWatch(traces.first), TraceWatch(traces.second))
    trainer.follow(plan) { step in
      a.compare(step)
      b.compare(step)
    }
    let steps = plan.steps(difference.index)
    // Up to the step before, where both runs are the same.
    trainer.lastStep = (epoch, steps.lowerBound - 1)
    _ = try trainer.fit(through: steps.lowerBound > 1 ? epoch : epoch - 1)
    if signal.isStopped { return nil }
    let devices = [manifests.first, manifests.second].map(\.device.identifier)
    let finding = try devices.first { $0 != backend.device.identifier }.map {
      try operation(trainer, steps.count, $0, device($0))
    }
    trainer.lastStep = (epoch, difference.step)
    _ = try trainer.fit(through: epoch)
    if signal.isStopped { return nil }
    var ruling = ruling(a.difference == nil, b.difference == nil, trainer, comparison)
    if let finding { ruling.add(finding) }
    return ruling
  }

  /// The first operation that a device computes with other bits than the trainer's, and the same in words.
  private func operation(_ trainer: Trainer, _ steps: Int, _ name: String, _ other: (any Backend)?) throws
    -> (
      found: AuditedOperation?, text: String
    )
  {
    guard let other else { return (nil, "\(name) is not here to run the step's operations one by one") }
    guard let found = try trainer.audit(steps, on: trainer.backend, against: other) else {
      return (nil, "\(name) now computes every operation with the same bits: the fault does not come again")
    }
    return (
      found,
      "\(name) first differs in \(found.operation) of step \(found.step + 1), which wrote \(found.result)"
    )
  }

  /// From the newest checkpoint before `epoch` that one of the runs keeps; both have the same bits there.
  private func trainer(before epoch: Int, _ dataset: Dataset, _ backend: any Backend) throws -> Trainer {
    let kept = try [first, second].map {
      epoch > 1 ? try $0.keptCheckpoint(atMost: epoch - 1)?.epoch ?? 0 : 0
    }
    return try Verifier(kept[1] > kept[0] ? second : first).trainer(before: epoch, dataset, backend)
  }

  private func ruling(_ first: Bool, _ second: Bool, _ trainer: Trainer, _ comparison: Comparison) -> Ruling {
    let device = trainer.backend.device.identifier
    let place =
      comparison.difference?.title
      ?? (comparison.epoch == 0 ? "the initial parameters" : "epoch \(comparison.epoch ?? 0)")
    switch (first, second) {
    case (true, false):
      return Ruling(
        verdict: .first,
        reason: "\(self.first.url.path) is right: \(place) trained again on \(device) has its bits")
    case (false, true):
      return Ruling(
        verdict: .second,
        reason: "\(self.second.url.path) is right: \(place) trained again on \(device) has its bits")
    default:
      return Ruling(
        verdict: .neither,
        reason: "neither is right: \(place) trained again on \(device) has other bits than both")
    }
  }
}
