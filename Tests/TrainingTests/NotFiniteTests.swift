import Foundation
import Models
import Storage
import TestSupport
import Testing
import Training

@Suite struct NotFiniteTests {
  @Test func notFiniteIsAnErrorThatNamesStepAndTensor() throws {
    try inFolder { url in
      let configuration = try Support.configuration(
        .vae, ["optimizer": "sgd", "learning-rate": "100", "warm-up": "0"])
      let folder = try RunFolder(creating: url)
      let trainer = try Trainer(
        configuration, dataset: Support.dataset(), backend: Support.backend(), folder: folder)
      let error = #expect(throws: TrainingError.self) { try trainer.fit() }
      #expect(error?.kind == .notFinite)
      let text = error?.description ?? ""
      #expect(text.contains("is not finite in step") && text.contains("of epoch 1"), "\(text)")
      #expect(text.contains("after epoch 0"))
      #expect(try folder.manifest().state == .failed)
      let kept = try Checkpoint(contentsOf: folder.checkpointFile)
      #expect(kept.state.parameters.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    }
  }

  /// Plain SGD with this rate and decay multiplies a weight by −999 in every step. Only the last layer trains, and
  /// a sigmoid follows it, so the loss stays finite while the weights exceed binary32.
  private static let growing = [
    "optimizer": "sgd", "learning-rate": "100", "weight-decay": "10", "trainable": "last-1",
    "batch-size": "20",
  ]

  @Test("The tensor is named, and the epoch before is there to resume")
  func tensor() throws {
    try inFolder { url in
      let folder = try RunFolder(creating: url)
      let trainer = try Trainer(
        Support.configuration(.convAutoencoder, Self.growing), dataset: Support.dataset(),
        backend: Support.backend(), folder: folder)
      let initial = try trainer.checkpoint().state.parameters.first { $0.name == "decoder.convt3.weight" }!
      var (largest, steps) = (Double(initial.values.map(abs).max()!), 0)
      while largest <= Double(Float.greatestFiniteMagnitude) { (largest, steps) = (999 * largest, steps + 1) }
      // Ten steps per epoch.
      #expect((11...20).contains(steps))

      let error = #expect(throws: TrainingError.self) { try trainer.fit() }
      #expect(error?.kind == .notFinite)
      let failure = "decoder.convt3.weight or its gradient is not finite in step \(steps - 10) of epoch 2"
      let text = error?.description ?? ""
      #expect(
        text.hasPrefix(failure) && text.contains("the last good checkpoint, after epoch 1,"), "\(text)")

      let manifest = try folder.manifest()
      #expect(manifest.state == .failed && manifest.failure == failure)
      #expect(manifest.epochs.map(\.epoch) == [1])
      let kept = try Checkpoint(contentsOf: folder.checkpointFile)
      #expect(kept.epoch == 1 && kept.step == 0 && kept.state.sha256 == manifest.epochs[0].stateSHA256)
      for choice in Weights.Choice.allCases {
        let weights = try Weights(run: folder, choice)
        #expect(weights.epoch == 1)
        let evaluator = try Evaluator(weights, images: Blobs.images(20), backend: Support.backend())
        #expect(try evaluator.evaluate().metrics["loss"]!.isFinite)
      }
    }
  }
}
