import Models
import Training

/// The result of training a run again.
package struct Verification: Sendable, Equatable {
  /// The result in one word.
  package enum Verdict: String, Sendable, Encodable {
    /// Every epoch has the same bits.
    case reproduced = "REPRODUCED"
    /// The files are as they were signed; nothing was trained again.
    case signed = "SIGNED"
    /// An epoch has other bits.
    case diverged = "DIVERGED"
    /// The files of the run disagree.
    case tampered = "TAMPERED"
    /// Something is missing.
    case inconclusive = "INCONCLUSIVE"
  }

  /// The result.
  package let verdict: Verdict
  /// What was found, or what is missing, in one line.
  package private(set) var reason: String
  /// The epochs that were trained again with the same bits; nil for none.
  package var epochs: ClosedRange<Int>?
  /// The first epoch that differs; 0 for the initial parameters.
  package var epoch: Int?
  /// The first traced step of the epoch that differs, if the run has a trace.
  package var step: Int?
  /// The first tensor that differs, if the run has a trace or keeps a checkpoint of that epoch.
  package var tensor: String?

  /// A result with its reason.
  package init(_ verdict: Verdict, _ reason: String) {
    self.verdict = verdict
    self.reason = reason
  }

  /// The same result with text added to its reason.
  package func adding(_ text: String) -> Verification {
    var verification = self
    verification.reason += text
    return verification
  }
}

extension EpochRecord {
  /// The first value of an epoch that has other bits than in `other`; seconds and devices do not count.
  package func difference(from other: EpochRecord, called name: String = "the run") -> String? {
    func differs(_ a: Double?, _ b: Double?) -> Bool { a?.bitPattern != b?.bitPattern }
    if stateSHA256 != other.stateSHA256 {
      return "the state's SHA-256 is \(stateSHA256), and \(name) has \(other.stateSHA256)"
    }
    if differs(trainLoss, other.trainLoss) {
      return "the training loss is \(trainLoss), and \(name) has \(other.trainLoss)"
    }
    if differs(validationLoss, other.validationLoss) {
      return "the validation loss is \(text(validationLoss)), and \(name) has \(text(other.validationLoss))"
    }
    for (ours, theirs, part) in [
      (trainMetrics, other.trainMetrics, "training"),
      (validationMetrics, other.validationMetrics, "validation"),
    ] {
      for metric in Set(ours.keys).union(theirs.keys).sorted() where differs(ours[metric], theirs[metric]) {
        return
          "the \(part) metric \(metric) is \(text(ours[metric])), and \(name) has \(text(theirs[metric]))"
      }
    }
    return nil
  }

  private func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "missing" }
}

extension ModelState {
  /// The first tensor with other bits than in `other`, in state order, and its first such value.
  func difference(from other: ModelState) -> (tensor: String, place: Int, ours: Float, theirs: Float)? {
    for (a, b) in zip(parameters + optimizer, other.parameters + other.optimizer) {
      for (place, (x, y)) in zip(a.values, b.values).enumerated() where x.bitPattern != y.bitPattern {
        return (a.name, place, x, y)
      }
    }
    return nil
  }
}
