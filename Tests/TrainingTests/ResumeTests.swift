import Foundation
import Models
import Storage
import TestSupport
import Testing
import Training

@Suite struct ResumeTests {
  /// Stops after `steps` steps of training, each time in a new trainer, then continues to the end; returns the
  /// hash of every epoch.
  private func stopped(_ configuration: Configuration, after steps: [Int], in url: URL) throws -> [String] {
    for count in steps { try Support.run(configuration, stoppingAfter: count, in: url) }
    let folder = try RunFolder(resuming: url)
    let trainer = try Trainer(
      resuming: folder, dataset: Support.dataset(), backend: Support.backend(threads: 2))
    #expect(try trainer.fit() == .finished)
    return try folder.manifest().epochs.map(\.stateSHA256)
  }

  @Test("Stops and resumes change no bit", arguments: ModelKind.allCases)
  func resume(_ kind: ModelKind) throws {
    let configuration = try Support.configuration(kind, ["optimizer": kind == .vae ? "momentum" : "adam"])
    let straight = try Support.hashes(configuration)
    #expect(straight.count == 3)
    // In the first epoch, at the end of the second, in the third.
    let resumed = try inFolder { try stopped(configuration, after: [2, 10, 3], in: $0) }
    #expect(resumed == straight)
  }

  @Test("With several samples of images binarised again in every epoch")
  func samples() throws {
    let configuration = try Support.configuration(
      .vae, ["loss": "iwae", "importance-samples": "3", "binarise": "dynamic", "shards": "2"])
    let straight = try Support.hashes(configuration)
    let resumed = try inFolder { try stopped(configuration, after: [2, 10], in: $0) }
    #expect(resumed == straight)
  }

  @Test("Every optimizer resumes with its state", arguments: Optimizer.allCases)
  func optimizers(_ optimizer: Optimizer) throws {
    let configuration = try Support.configuration(
      .convAutoencoder, ["optimizer": optimizer.rawValue, "weight-decay": "0.01"])
    let straight = try Support.hashes(configuration)
    let resumed = try inFolder { try stopped(configuration, after: [8, 6], in: $0) }
    #expect(resumed == straight)
  }

  @Test("Stops at and around a change of phase", arguments: [5, 6, 7])
  func phases(_ steps: Int) throws {
    let configuration = try Support.configuration(
      .classifier, ["trainable": "last-2:1,all:2@0.001", "patience": "50"])
    let straight = try Support.hashes(configuration)
    let resumed = try inFolder { try stopped(configuration, after: [steps], in: $0) }
    #expect(resumed == straight)
  }

  @Test func losesNothingWhenKilledBehindTheManifest() throws {
    let configuration = try Support.configuration(.convAutoencoder)
    try inFolder { url in
      var folder: RunFolder? = try RunFolder(creating: url)
      let trainer = try Trainer(
        configuration, dataset: Support.dataset(), backend: Support.backend(), folder: folder)
      _ = try trainer.fit(through: 1)
      let old = try Data(contentsOf: folder!.checkpointFile)
      _ = try trainer.fit(through: 2)
      // As if the process had died before the second checkpoint.
      try old.write(to: folder!.checkpointFile)
      let manifest = try folder!.manifest()
      #expect(manifest.epochs.count == 2)
      #expect(throws: FolderInUse.self) { try RunFolder(resuming: url) }
      let again = try Trainer(resuming: folder!, dataset: Support.dataset(), backend: Support.backend())
      #expect(again.epoch == 1)
      _ = try again.fit(through: 2)
      #expect(
        try folder!.manifest().epochs.map(\.stateSHA256) == manifest.epochs.map(\.stateSHA256))
      folder = nil
    }
  }

  @Test func refusesOtherDataAndOtherSettings() throws {
    try inFolder { url in
      let folder = try RunFolder(creating: url)
      let configuration = try Support.configuration(.convAutoencoder)
      _ = try Trainer(configuration, dataset: Support.dataset(), backend: Support.backend(), folder: folder)
      var error = #expect(throws: TrainingError.self) {
        try Trainer(resuming: folder, dataset: Support.dataset(train: 230), backend: Support.backend())
      }
      #expect(error?.kind == .data)
      let text = try String(contentsOf: folder.configurationFile, encoding: .utf8)
      func edit(_ from: String, _ to: String) throws {
        try Data(text.replacingOccurrences(of: from, with: to).utf8).write(to: folder.configurationFile)
      }
      try edit("latent: 4", "latent: 6")
      error = #expect(throws: TrainingError.self) {
        try Trainer(resuming: folder, dataset: Support.dataset(), backend: Support.backend())
      }
      #expect(error?.description.contains("latent is 6, but the run was begun with 4") == true)
      try edit("epochs: 3", "epochs: 4")
      let longer = try Trainer(resuming: folder, dataset: Support.dataset(), backend: Support.backend())
      #expect(longer.configuration.totalEpochs == 4)
      #expect(longer.manifest.configuration.totalEpochs == 4)
      #expect(throws: TrainingError.self) { try RunFolder(creating: url) }
    }
  }

  @Test("More epochs stretch a cosine from the next epoch on; an epoch under way ends as it began")
  func cosine() throws {
    try inFolder { url in
      let configuration = try Support.configuration(.convAutoencoder, ["schedule": "cosine"])
      do {
        let folder = try RunFolder(creating: url)
        let trainer = try Trainer(
          configuration, dataset: Support.dataset(), backend: Support.backend(), folder: folder)
        _ = try trainer.fit(through: 1)
      }
      let longer = try Trainer(
        resuming: RunFolder(resuming: url), dataset: Support.dataset(), backend: Support.backend(), epochs: 6)
      #expect(try longer.fit() == .finished && longer.epoch == 6)
      let rates = longer.manifest.epochs.map(\.learningRate)
      var stretched = longer.configuration
      stretched.epochs = 6
      #expect(rates[0] == configuration.learningRate(epoch: 1, step: 0, stepsPerEpoch: 3))
      #expect(rates[1] == stretched.learningRate(epoch: 2, step: 0, stepsPerEpoch: 3))
    }
  }

  @Test func keptCheckpointsLetEpochsBeVerified() throws {
    let configuration = try Support.configuration(.denoisingAutoencoder, ["keep-checkpoints": "2"])
    try inFolder { url in
      let folder = try RunFolder(creating: url)
      _ = try Trainer(
        configuration, dataset: Support.dataset(), backend: Support.backend(), folder: folder
      ).fit()
      #expect(try folder.keptCheckpoint(atMost: 1) == nil)
      let kept = try #require(try folder.keptCheckpoint(atMost: 3))
      #expect(kept.epoch == 2)
      let again = try Trainer(
        configuration, dataset: Support.dataset(), backend: Support.backend(threads: 2),
        start: .checkpoint(kept))
      #expect(try again.fit() == .finished)
      #expect(again.manifest.epochs.map(\.stateSHA256) == [try folder.manifest().epochs[2].stateSHA256])
    }
  }

  @Test("More epochs under a cosine, given in the middle of an epoch that is stopped again")
  func longerTwice() throws {
    try inFolder { url in
      let configuration = try Support.configuration(.vae, ["schedule": "cosine", "epochs": "2"])
      try Support.run(configuration, stoppingAfter: 2, in: url)
      for step in [3, 4] {
        let signal = StopSignal()
        let backend = HookedBackend(try Support.backend(), afterSteps: 1) { signal.stop() }
        let trainer = try Trainer(
          resuming: RunFolder(resuming: url), dataset: Support.dataset(), backend: backend, epochs: 5)
        trainer.stopSignal = signal
        #expect(try trainer.fit() == .interrupted && trainer.steps.done == step)
      }
    }
  }
}
