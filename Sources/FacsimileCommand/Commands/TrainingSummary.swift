import Datasets
import Foundation
import Models
import Numerics
import Storage
import Training

/// The end of a training: metrics of the best weights on the test images, and the output locations.
struct TrainingSummary {
  private struct Figures: Encodable {
    let run: String
    let model: String
    let dataset: String
    let device: String
    let state: String
    let epochCount: Int
    let bestEpoch: Int
    let images: Int
    let test: [String: Double]
    let stateSHA256: String?
    let picture: String?
  }

  private let figures: Figures

  /// Evaluates the best weights on the test images.
  ///
  /// Throws: the backend's error.
  init(_ trainer: Trainer, _ folder: RunFolder, _ outcome: TrainingOutcome) throws {
    let weights = try Weights(run: folder)
    let test = trainer.data.dataset.test
    let canJudge = !weights.configuration.classifies || test.labels != nil
    let evaluation =
      canJudge
      ? try Evaluator(weights, images: test, backend: trainer.backend).evaluate() : nil
    let picture = folder.pictureFile(epoch: trainer.epoch)
    figures = Figures(
      run: folder.url.path, model: trainer.configuration.model.rawValue,
      dataset: trainer.data.dataset.name, device: trainer.backend.device.identifier,
      state: trainer.manifest.state.rawValue, epochCount: trainer.epoch,
      bestEpoch: trainer.manifest.bestEpoch, images: evaluation?.images ?? 0,
      test: evaluation?.metrics ?? [:],
      stateSHA256: trainer.manifest.epochs.last?.stateSHA256,
      picture: Files.exists(picture) ? picture.path : nil)
  }

  func show(asJSON: Bool) throws {
    if asJSON { return try Console.json(figures) }
    if figures.state == Manifest.State.stoppedEarly.rawValue {
      Console.say(
        "stopped early after epoch \(figures.epochCount): no better loss since epoch \(figures.bestEpoch)")
    }
    if figures.test.isEmpty {
      Console.say("test: not evaluated, since the test images have no labels")
    } else {
      Console.say(
        "test: \(Format.metrics(figures.test)) (\(counted(figures.images, "image")), "
          + "weights of epoch \(figures.bestEpoch))")
    }
    Console.say("run: \(figures.run)")
    if let picture = figures.picture { Console.say("picture: \(picture)") }
    Console.say("next: facsimile evaluate \(shellQuoted(path: figures.run))")
  }
}
