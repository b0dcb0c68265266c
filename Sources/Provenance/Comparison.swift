import Numerics
import Training

/// What two runs have in common, and where they diverge.
package struct Comparison: Sendable, Equatable {
  /// Whether everything that both runs hold is the same.
  package let isSame: Bool
  /// What was found, in one line.
  package let reason: String
  /// The first epoch that differs; 0 for the initial parameters; nil if the runs are the same, or not of one training.
  package var epoch: Int?
  /// The first traced step that differs, if both have a trace.
  package var difference: TraceDifference?
  /// The first tensor that differs, if both have a trace or keep a checkpoint of the epoch.
  package var tensor: String?
  /// Number of hashes that one run had to tell the other to find the step; nil without traces.
  package var hashes: Int?
  /// The settings, data and versions that differ: `batch-size is 64 and 128`.
  package var settings: [String] = []

  /// Whether the runs differ although everything that determines their bits is equal: one of them is wrong.
  package var isOfOneTraining: Bool { epoch != nil && settings.isEmpty }

  init(isSame: Bool, _ reason: String) { (self.isSame, self.reason) = (isSame, reason) }
}

/// Finds the first difference between two runs, from their files alone.
package struct RunComparer {
  let first: RunFolder
  let second: RunFolder
  let manifests: (first: Manifest, second: Manifest)
  let traces: (first: Trace, second: Trace)?

  /// Compares two runs whose files are intact.
  ///
  /// - Throws: as ``RunFolder/requireIntact()`` and ``RunFolder/trace(of:)``.
  package init(_ first: RunFolder, _ second: RunFolder) throws {
    (self.first, self.second) = (first, second)
    let (a, b) = (try Verifier(first), try Verifier(second))
    manifests = (a.manifest, b.manifest)
    if let one = a.trace, let two = b.trace, one.plan.isComparable(with: two.plan) {
      traces = (one, two)
    } else {
      traces = nil
    }
  }

  /// The first difference.
  ///
  /// - Throws: the error of a checkpoint that cannot be read.
  package func compare() throws -> Comparison {
    let (a, b) = manifests
    let settings = Self.settings(a, b)
    if !settings.isEmpty {
      var comparison = Comparison(isSame: false, "not the same training: " + settings.joined(separator: "; "))
      comparison.settings = settings
      return comparison
    }
    if a.initialSHA256 != b.initialSHA256 {
      return different(0, "before the first epoch: the initial parameters have other bits")
    }
    let traced = traces.map { $0.first.difference(from: $0.second) }
    let epoch = try epochDifference(before: traced?.difference)
    var comparison = epoch ?? traced?.difference.map(different) ?? same()
    comparison.hashes = traced?.hashes
    return comparison
  }

  /// The settings that determine the bits, the data and the contract, where they differ.
  private static func settings(_ a: Manifest, _ b: Manifest) -> [String] {
    func both(_ what: String, _ x: String, _ y: String) -> String? {
      x == y ? nil : "\(what) is \(x) and \(y)"
    }
    let facts = [
      both("the numerics contract", "\(a.numericsContract)", "\(b.numericsContract)"),
      both("the data's SHA-256", a.dataset.sha256, b.dataset.sha256),
      both("the model", a.model, b.model),
    ].compactMap { $0 }
    let keys = a.model == b.model ? a.configuration.differences(from: b.configuration) : []
    return facts + keys.map { "\($0.key) is \($0.here) and \($0.there)" }
  }

  /// The first epoch that differs, if none of the traced steps before its end does.
  private func epochDifference(before traced: TraceDifference?) throws -> Comparison? {
    for (a, b) in zip(manifests.first.epochs, manifests.second.epochs) {
      if a.learningRate.bitPattern != b.learningRate.bitPattern {
        var comparison = different(
          a.epoch,
          "in epoch \(a.epoch): the learning rate is \(a.learningRate) and \(b.learningRate), since epochs was changed"
        )
        comparison.settings = ["epochs"]
        return comparison
      }
      if let traced, traced.epoch <= a.epoch { return nil }
      guard let fact = a.difference(from: b, called: "the second run") else { continue }
      var comparison = different(a.epoch, "in epoch \(a.epoch): \(fact)")
      if let tensor = try tensor(a.epoch) {
        comparison = different(a.epoch, "\(comparison.reason); the first tensor is \(tensor)")
        comparison.tensor = tensor
      }
      return comparison
    }
    return nil
  }

  /// The first tensor that differs, if both keep a checkpoint of that epoch.
  private func tensor(_ epoch: Int) throws -> String? {
    guard let a = try first.checkpoint(after: epoch), let b = try second.checkpoint(after: epoch) else {
      return nil
    }
    return a.state.difference(from: b.state)?.tensor
  }

  private func different(_ traced: TraceDifference) -> Comparison {
    var comparison = different(traced.epoch, "in \(traced.title): the first tensor is \(traced.tensor)")
    (comparison.difference, comparison.tensor) = (traced, traced.tensor)
    return comparison
  }

  private func different(_ epoch: Int, _ reason: String) -> Comparison {
    var comparison = Comparison(isSame: false, reason)
    comparison.epoch = epoch
    return comparison
  }

  private func same() -> Comparison {
    let epochs = (manifests.first.epochs.count, manifests.second.epochs.count)
    var parts = [counted(min(epochs.0, epochs.1), "epoch")]
    if let traces { parts.append(counted(min(traces.first.count, traces.second.count), "traced step")) }
    let lengths = epochs.0 == epochs.1 ? "" : " (one has \(epochs.0) and the other \(epochs.1))"
    return Comparison(isSame: true, "the same bits in " + parts.joined(separator: " and ") + lengths)
  }
}
