/// The best loss so far, and the number of epochs since.
package struct EarlyStopping: Sendable, Equatable {
  /// The lowest loss.
  package private(set) var bestLoss: Double?
  /// Its epoch, 0 for none.
  package private(set) var bestEpoch = 0
  /// Epochs since.
  package private(set) var staleEpochs = 0

  /// No epoch yet.
  package init() {}

  init(bestLoss: Double?, bestEpoch: Int, staleEpochs: Int) {
    self.bestLoss = bestLoss
    self.bestEpoch = bestEpoch
    self.staleEpochs = staleEpochs
  }

  /// Records the loss of `epoch`; returns whether it is the best so far. If `isPatient`, the epoch does not use up
  /// patience.
  mutating func note(_ loss: Double, epoch: Int, isPatient: Bool) -> Bool {
    guard let best = bestLoss, !(loss < best) else {
      (bestLoss, bestEpoch, staleEpochs) = (loss, epoch, 0)
      return true
    }
    if !isPatient { staleEpochs += 1 }
    return false
  }

  /// Resets patience for a new phase.
  mutating func startPhase() { staleEpochs = 0 }

  /// Whether `patience` epochs (0: never) have passed without a better loss.
  func isExhausted(patience: Int) -> Bool { patience > 0 && staleEpochs >= patience }
}
