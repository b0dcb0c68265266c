import Models
import Numerics

extension Configuration {
  /// Sets the total number of epochs of a run.
  ///
  /// Throws: `TrainingError` if more are already completed, or the phases set the epochs.
  mutating func lengthen(to epochs: Int, _ manifest: Manifest) throws {
    guard epochs != self.epochs else { return }
    guard trainable.phases.contains(where: { $0.epochs == nil }) else {
      throw TrainingError(
        .run, "the phases set the epochs of this run (trainable=\(trainable)): --epochs cannot be given")
    }
    self.epochs = epochs
    guard totalEpochs >= manifest.epochs.count else {
      throw TrainingError(
        .run,
        "\(counted(manifest.epochs.count, "epoch")) \(manifest.epochs.count == 1 ? "is" : "are") done already: expected at least as many, not \(totalEpochs)"
      )
    }
  }

  /// Records the initial parameters.
  ///
  /// Throws: `TrainingError` if the configuration names others.
  mutating func begin(with state: ModelState) throws {
    let hash = state.withoutOptimizer.sha256
    guard initialWeights == nil || initialWeights == hash else {
      throw TrainingError(
        .weights,
        "initial-weights is \(initialWeights!), but these weights give \(hash): give the initial.safetensors of the run "
          + "that the configuration is from, or set initial-weights=seed to begin another run")
    }
    initialWeights = hash
  }

  /// Throws: `TrainingError` if the configuration names initial weights that were not given.
  func requireSeed() throws {
    guard let initialWeights else { return }
    throw TrainingError(
      .weights,
      "initial-weights is \(initialWeights): give those weights (the run that the configuration is from holds them in "
        + "initial.safetensors), or set initial-weights=seed", remedy: .giveWeights)
  }
}
