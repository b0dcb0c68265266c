import Foundation
import Models
import Storage
import TestSupport
import Testing
import Training

/// The files of a process that dies while it writes those of an epoch: best weights, manifest, the kept checkpoint
/// and the current one are written one after another, so some are new and the others old.
@Suite struct KillTests {
  /// The last file written.
  enum Window: CaseIterable { case best, manifest, metrics, kept }

  private var configuration: Configuration {
    get throws { try Support.configuration(.convAutoencoder, ["keep-checkpoints": "all", "dropout": "0"]) }
  }

  private func trainer(_ folder: RunFolder) throws -> Trainer {
    try Trainer(resuming: folder, dataset: Support.dataset(), backend: Support.backend())
  }

  /// Every file that does not depend on when the run was made, by name.
  private func files(_ folder: RunFolder) throws -> [String: Data] {
    var files = [folder.bestFile, folder.checkpointFile]
    files += (1...3).flatMap { [folder.keptCheckpointFile(epoch: $0), folder.pictureFile(epoch: $0)] }
    let pairs = try files.map { ($0.lastPathComponent, try Data(contentsOf: $0)) }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  private func facts(_ manifest: Manifest) -> [String] {
    ["\(manifest.state) best \(manifest.bestEpoch) \(manifest.failure ?? "")"]
      + manifest.epochs.map { "\($0.epoch) \($0.trainLoss) \($0.validationLoss!) \($0.stateSHA256)" }
  }

  /// Trains through `epoch` and one more, then restores the old version of the files after the last one written.
  private func kill(_ folder: RunFolder, after epoch: Int, _ window: Window) throws {
    let trainer = try Trainer(
      configuration, dataset: Support.dataset(), backend: Support.backend(), folder: folder)
    _ = try trainer.fit(through: epoch)
    let late: [URL] =
      [folder.checkpointFile] + (window == .best ? [folder.manifestFile] : [])
      + ([.best, .manifest].contains(window) ? [folder.metricsFile] : [])
    let old = try late.map { ($0, try Data(contentsOf: $0)) }
    _ = try trainer.fit(through: epoch + 1)
    try #require(trainer.stopping.bestEpoch == epoch + 1)
    for (url, data) in old { try data.write(to: url) }
    if window != .kept {
      try FileManager.default.removeItem(at: folder.keptCheckpointFile(epoch: epoch + 1))
    }
    // A run may have failed and been resumed before.
    var manifest = try folder.manifest()
    #expect(manifest.bestEpoch == (window == .best ? epoch : epoch + 1))
    (manifest.state, manifest.failure) = (.failed, "the loss is not finite")
    try manifest.json().write(to: folder.manifestFile)
  }

  @Test("A kill loses nothing", arguments: Window.allCases, 0..<3)
  func windows(_ window: Window, _ epoch: Int) throws {
    let straight = try inFolder { url in
      let folder = try RunFolder(creating: url)
      let trainer = try Trainer(
        configuration, dataset: Support.dataset(), backend: Support.backend(), folder: folder)
      _ = try trainer.fit()
      return (files: try files(folder), facts: facts(try folder.manifest()))
    }
    try inFolder { url in
      let folder = try RunFolder(creating: url)
      try kill(folder, after: epoch, window)
      let again = try trainer(folder)
      let manifest = try folder.manifest()
      #expect(manifest == again.manifest)
      #expect(manifest.state == .running && manifest.failure == nil)
      #expect(manifest.bestEpoch == epoch && manifest.epochs.map(\.epoch) == Array(1..<epoch + 1))
      #expect(try again.fit() == .finished)
      #expect(try files(folder) == straight.files)
      #expect(facts(try folder.manifest()) == straight.facts)
    }
  }

  @Test("Nor where the run stops once more before that epoch is done", arguments: Window.allCases)
  func twice(_ window: Window) throws {
    let expected = try Support.hashes(configuration)
    try inFolder { url in
      do {
        let folder = try RunFolder(creating: url)
        try kill(folder, after: 1, window)
      }
      try Support.run(configuration, stoppingAfter: 2, in: url)
      let folder = try RunFolder(resuming: url)
      #expect(try folder.manifest().bestEpoch == 1 && folder.manifest().epochs.count == 1)
      let again = try trainer(folder)
      #expect(try again.fit() == .finished)
      #expect(again.manifest.epochs.map(\.stateSHA256) == expected)
      let best = try Weights(run: folder)
      #expect(best.epoch == again.manifest.bestEpoch && best.state == again.best)
    }
  }
}
