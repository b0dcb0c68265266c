import Foundation
import Models
import Storage
import TestSupport
import Testing
import Training

@Suite struct BestWeightsTests {
  /// The contents of a finished run's best file: two epochs in which the loss falls, then two in which a large
  /// learning rate makes it rise.
  private func best(stoppingAfter stops: [Int]) throws -> Data {
    let configuration = try Support.configuration(
      .classifier, ["trainable": "all:2,all:2@0.5"])
    return try inFolder { url in
      for steps in stops { try Support.run(configuration, stoppingAfter: steps, in: url) }
      let (dataset, backend) = (try Support.dataset(), try Support.backend())
      let trainer =
        stops.isEmpty
        ? try Trainer(configuration, dataset: dataset, backend: backend, folder: RunFolder(creating: url))
        : try Trainer(resuming: RunFolder(resuming: url), dataset: dataset, backend: backend)
      #expect(try trainer.fit() == .finished)
      let folder = try RunFolder(reading: url)
      let weights = try Weights(run: folder)
      #expect(weights.epoch == 2 && trainer.manifest.bestEpoch == 2)
      #expect(weights.state == trainer.best && weights.state.optimizer.isEmpty)
      #expect(try weights.state.parameters != trainer.checkpoint().state.parameters)
      #expect(try SafeTensors(contentsOf: folder.bestFile).metadata["epoch"] == "2")
      return try Data(contentsOf: folder.bestFile)
    }
  }

  // Six steps per epoch: before the best epoch, in it, at its end, after it, and in each.
  @Test("The best weights are those of the best epoch", arguments: [[5], [8], [12], [21], [5, 4, 3, 5]])
  func best(_ stops: [Int]) throws {
    #expect(try best(stoppingAfter: stops) == best(stoppingAfter: []))
  }
}
