import Numerics

/// Learning-rate schedules.
public enum Schedule: String, CaseIterable, Hashable, Sendable, Codable {
  /// Constant.
  case constant
  /// Multiplied by a factor every N epochs.
  case step
  /// Half a cosine from the learning rate down to the minimum.
  case cosine
}

extension Configuration {
  /// The learning rate of a step, in double.
  ///
  /// Warm-up: lr · (s + 1) / W over the first W = warm-up · stepsPerEpoch steps. Then the schedule, with e epochs since
  /// warm-up: `step` lr · factor^⌊e / schedule-epochs⌋; `cosine` (PyTorch's CosineAnnealingLR)
  /// min + ½(lr − min)(1 + cos(π e / E)).
  ///
  /// Every training phase has its own schedule.
  ///
  /// - Parameters:
  ///   - epoch: from 1.
  ///   - step: step of the epoch, from 0.
  ///   - stepsPerEpoch: steps of an epoch.
  package func learningRate(epoch: Int, step: Int, stepsPerEpoch: Int) -> Double {
    let place = trainable.phase(of: epoch, default: epochs)
    let phase = trainable.phases[place.index]
    return learningRate(
      base: phase.learningRate ?? learningRate, epoch: epoch - place.epochsBefore - 1,
      of: phase.epochs ?? epochs, step: step, stepsPerEpoch: stepsPerEpoch)
  }

  /// `epoch`: completed epochs of the phase, 0 in the first.
  private func learningRate(
    base: Double, epoch: Int, of epochs: Int, step: Int, stepsPerEpoch: Int
  ) -> Double {
    let done = epoch * stepsPerEpoch + step
    let rising = (warmUp * Double(stepsPerEpoch)).rounded()
    if Double(done) < rising { return base * Double(done + 1) / rising }
    let warm = Int(warmUp.rounded(.up))
    let since = max(epoch - warm, 0)
    switch schedule {
    case .constant: return base
    case .step: return base * HostScalars.power(scheduleFactor, since / scheduleEpochs)
    case .cosine:
      return HostScalars.cosineSchedule(
        base: base, minimum: min(minimumLearningRate, base), step: since, steps: max(epochs - warm, 1))
    }
  }

  /// Weight of the KL divergence: rises from 0 over the first kl-warm-up epochs of the run.
  func klWeight(epoch: Int, step: Int, stepsPerEpoch: Int) -> Double {
    let rising = (klWarmUp * Double(stepsPerEpoch)).rounded()
    let done = Double((epoch - 1) * stepsPerEpoch + step)
    return done < rising ? klWeight * (done / rising) : klWeight
  }
}
