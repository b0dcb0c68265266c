import Foundation
import Models
import TestSupport
import Testing
import Training

/// When patience runs out. With a learning rate of 0 no epoch is better than the one before, so every epoch uses up
/// patience.
@Suite struct EarlyStoppingTests {
  private func trained(_ configuration: Configuration) throws -> Trainer {
    let trainer = try Trainer(configuration, dataset: Support.dataset(), backend: Support.backend())
    #expect(try trainer.fit() == .stoppedEarly)
    return trainer
  }

  /// The loss falls for two epochs and then stands still.
  private static let standstill = [
    "schedule": "step", "schedule-epochs": "2", "schedule-factor": "0", "patience": "3", "epochs": "20",
  ]

  // Six steps per epoch: after the best epoch, at the end of the first without a better loss, in the second and at its
  // end, and more than once.
  @Test(
    "A run that was stopped runs out of patience in the same epoch",
    arguments: [[12], [18], [20], [24], [20, 5]])
  func resumed(_ stops: [Int]) throws {
    let configuration = try Support.configuration(.convAutoencoder, Self.standstill)
    let straight = try trained(configuration)
    #expect(straight.epoch == 5 && straight.stopping.bestEpoch == 2)
    try inFolder { url in
      for steps in stops { try Support.run(configuration, stoppingAfter: steps, in: url) }
      let folder = try RunFolder(resuming: url)
      for _ in 0..<2 {
        let trainer = try Trainer(resuming: folder, dataset: Support.dataset(), backend: Support.backend())
        // The second time nothing is left to do.
        #expect(try trainer.fit() == .stoppedEarly)
        #expect(trainer.stopping == straight.stopping)
        let manifest = try folder.manifest()
        #expect(manifest.state == .stoppedEarly && manifest.bestEpoch == 2)
        #expect(manifest.epochs.map(\.stateSHA256) == straight.manifest.epochs.map(\.stateSHA256))
      }
    }
  }

  @Test("Only the last phase has patience, all of it", arguments: [[], [24], [25]])
  func phases(_ stops: [Int]) throws {
    let configuration = try Support.configuration(
      .convAutoencoder, ["trainable": "last-2:4@0,all:6@0", "patience": "2", "dropout": "0"])
    try inFolder { url in
      for steps in stops { try Support.run(configuration, stoppingAfter: steps, in: url) }
      let trainer =
        stops.isEmpty
        ? try trained(configuration)
        : try Trainer(
          resuming: RunFolder(resuming: url), dataset: Support.dataset(), backend: Support.backend())
      if !stops.isEmpty { #expect(try trainer.fit() == .stoppedEarly) }
      // Three epochs without a better loss in the first phase, two in the second.
      #expect(trainer.epoch == 6 && trainer.stopping.bestEpoch == 1)
    }
  }

  @Test("While the KL weight rises nothing is taken from patience")
  func warmUp() throws {
    let settings = ["learning-rate": "0", "kl-warm-up": "3", "patience": "2", "epochs": "9"]
    let trainer = try trained(Support.configuration(.vae, settings))
    #expect(trainer.epoch == 5 && trainer.stopping.bestEpoch == 1)
  }

  @Test("Without validation images the best epoch is that of the whole KL divergence")
  func wholeDivergence() throws {
    let settings = [
      "validation": "0", "kl-weight": "4", "kl-warm-up": "16", "epochs": "12", "learning-rate": "0.02",
      "batch-size": "11",
    ]
    let trainer = try Trainer(
      Support.configuration(.vae, settings), dataset: Support.dataset(), backend: Support.backend())
    _ = try trainer.fit()
    func best(_ loss: (EpochRecord) -> Double) -> Int {
      trainer.manifest.epochs.min { loss($0) < loss($1) }!.epoch
    }
    let expected = best { $0.trainMetrics["reconstruction"]! + 4 * $0.trainMetrics["kl_divergence"]! }
    // Otherwise the test could not tell the two apart.
    try #require(expected != best(\.trainLoss))
    #expect(trainer.manifest.bestEpoch == expected)
  }
}
