import Datasets
import Foundation
import Pictures
import Programs
import Storage
import Training

extension Step {
  /// The same test images after each of a run's first epochs, from the pictures written by training.
  static func firstEpochs(run: String) -> Step {
    Step("first-epochs", "reconstructions of the first epochs", needs: [run]) { site in
      let folder = try RunFolder(reading: site.folder.run(run))
      let figure = try Figure.firstEpochs(
        folder, folder.manifest(), shape: site.dataset.shape, source: site.result(run).source)
      return StepResult(figures: figure.map { [$0] } ?? [])
    }
  }
}

extension Step {
  /// Test images above their reconstructions.
  static func reconstructions(run: String) -> Step {
    Step("reconstructions", "reconstructions", needs: [run]) { site in
      let figure = try Figure.reconstructions(
        site.weights(run), images: site.dataset.test, backend: site.backend, source: site.result(run).source)
      return StepResult(figures: [figure])
    }
  }
}

extension Figure {
  /// Originals over their reconstructions after the first epochs; nil if the run has no pictures.
  static func firstEpochs(
    _ folder: RunFolder, _ manifest: Manifest, shape: ImageShape, source: Source?
  ) throws -> Figure? {
    // Without gaps: the caption counts them.
    let records = manifest.epochs.prefix(Recipes.firstEpochs).prefix {
      Files.exists(folder.pictureFile(epoch: $0.epoch))
    }
    guard !records.isEmpty else { return nil }
    let pictures = try records.map { try Picture(contentsOf: folder.pictureFile(epoch: $0.epoch)) }
    guard let rows = EpochPicture.rows(of: pictures, shape: shape, manifest.configuration) else { return nil }
    let whole = Picture(stacking: [rows.originals] + rows.outputs)
    let losses = records.map { $0.validationLoss ?? $0.trainLoss }
    return Figure(
      id: "first-epochs", title: "The first \(records.count) epochs.",
      caption:
        "Test images on top, and below them, row by row, their reconstructions after epoch 1 to "
        + "\(records.count). The loss falls from \(Numerals.significant(losses.first!, 4)) to "
        + "\(Numerals.significant(losses.last!, 4)); common features are learned first, details later.",
      picture: try Illustration(
        whole,
        alt: "A row of test images, and \(records.count) rows of their reconstructions that grow sharper",
        scale: rows.scale > 1 ? 0.75 : 1),
      sources: source.map { [$0] } ?? [],
      csv: CSV.text(
        [["epoch", "loss"]] + zip(records, losses).map { ["\($0.epoch)", "\($1)"] }))
  }

  /// The first test images over their reconstructions by the best weights of a run.
  static func reconstructions(
    _ weights: Weights, images: ImageSet, backend: any Backend, source: Source?
  ) throws -> Figure {
    let images = try images.prefix(10)
    let evaluator = try Evaluator(weights, images: images, backend: backend, mode: .mean, noise: 0)
    let losses = try evaluator.losses()
    let originals = (0..<images.count).map { Picture(planar: images.image($0), shape: images.shape) }
    let made = try evaluator.outputs().map { Picture(values: $0, shape: images.shape) }
    return Figure(
      id: "reconstructions", title: "Reconstructions.",
      caption: "Test images above, and below them their reconstructions from the "
        + "\(weights.configuration.latent) numbers of their codes. Unusual details are lost first.",
      kind: "strip",
      picture: try Illustration(
        ImageGrid().picture(originals, over: made, columns: originals.count),
        alt: "\(originals.count) test images, each above its reconstruction"),
      sources: source.map { [$0] } ?? [],
      csv: CSV.text([["image", "loss"]] + losses.enumerated().map { ["\($0 + 1)", "\($1)"] }))
  }
}

extension Picture {
  /// Pictures of one width and kind, one below another.
  fileprivate init(stacking pictures: [Picture]) {
    self.init(
      channels: pictures[0].channels, width: pictures[0].width, height: pictures.reduce(0) { $0 + $1.height },
      pixels: pictures.flatMap(\.pixels))
  }
}
