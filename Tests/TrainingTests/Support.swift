import Datasets
import Foundation
import Models
import Programs
import TestSupport
import Testing
import Training

enum Support {
  /// 220 images, of which 198 train, and 40 test images.
  static func dataset(train: Int = 220, labelled: Bool = true) throws -> Dataset {
    try Blobs.dataset(train: train, test: 40, labelled: labelled)
  }

  /// A small model of a kind: three epochs of six steps on 198 images.
  static func configuration(_ kind: ModelKind, _ settings: [String: String] = [:]) throws -> Configuration {
    var configuration = Configuration(withoutRecipe: kind)
    let small = [
      "hidden": "16", "latent": "4", "batch-size": "37", "epochs": "3", "learning-rate": "0.005",
      "dropout": "0.1", "seed": "7",
    ]
    for (key, value) in small { try configuration.set(key, value) }
    if kind != .vae { try configuration.set("filters", "4,5,8") }
    for (key, value) in settings { try configuration.set(key, value) }
    return configuration
  }

  /// The same for two epochs, each batch in eight parts, with clipped gradients.
  static func partedConfiguration(_ kind: ModelKind, _ settings: [String: String] = [:]) throws
    -> Configuration
  {
    try configuration(kind, ["shards": "8", "clip-norm": "0.5", "epochs": "2"].merging(settings) { $1 })
  }

  static func backend(threads: Int = 1) throws -> any Backend { try cpu(threads) }

  /// The hash of every epoch of a run without folder.
  static func hashes(_ configuration: Configuration, threads: Int = 1) throws -> [String] {
    let trainer = try Trainer(configuration, dataset: dataset(), backend: backend(threads: threads))
    _ = try trainer.fit()
    return trainer.manifest.epochs.map(\.stateSHA256)
  }

  /// Begins the run in `url`, or resumes it, until `steps` steps are done.
  static func run(_ configuration: Configuration, stoppingAfter steps: Int, in url: URL) throws {
    let signal = StopSignal()
    let backend = HookedBackend(try Support.backend(), afterSteps: steps) { signal.stop() }
    let trainer =
      (try? RunFolder(reading: url)) != nil
      ? try Trainer(resuming: RunFolder(resuming: url), dataset: dataset(), backend: backend)
      : try Trainer(configuration, dataset: dataset(), backend: backend, folder: RunFolder(creating: url))
    trainer.stopSignal = signal
    #expect(try trainer.fit() == .interrupted)
    #expect(trainer.manifest.state == .interrupted)
  }
}
