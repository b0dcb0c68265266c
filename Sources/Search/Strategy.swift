/// How a search chooses its trials.
package enum Strategy: String, CaseIterable, Codable, Sendable {
  /// Every combination, or a random sample without repetition.
  case grid
  /// Combinations drawn at random, each at most once.
  case random
  /// Like `random`, but all trials train for a few epochs, and repeatedly only the best continue.
  case halving
}

/// The schedule of successive halving with synchronous rungs.
///
/// Source: Jamieson & Talwalkar, "Non-stochastic best arm identification" (AISTATS 2016); rungs as in Li et al.,
/// "Hyperband" (JMLR 2018).
///
/// Formula: with n trials of R epochs, s = ⌊log_η min(n, R)⌋; rung k = 0 … s holds ⌊n / ηᵏ⌋ trials, trained for
/// ⌊R / ηˢ⁻ᵏ⌋ epochs in all.
package struct Rungs: Equatable, Sendable {
  /// Trials of every rung.
  package let trials: [Int]
  /// Epochs after which every rung is judged.
  package let epochs: [Int]

  /// The rungs of `trials` trials, of which the last are trained for `epochs`; `eta` at least 2.
  package init(trials: Int, epochs: Int, eta: Int) {
    var powers = [1]
    while powers.last! <= min(trials, epochs) / eta { powers.append(powers.last! * eta) }
    self.trials = powers.map { trials / $0 }
    self.epochs = powers.reversed().map { epochs / $0 }
  }
}
