import Datasets
import Models
import Pictures
import Programs
import Training

extension Mosaic {
  /// One image with increasing noise: a row of the clean image, one of the noisy one, and one of reconstructions per model.
  ///
  /// All models see the same noise, that of the first one's seed.
  ///
  /// - Parameters:
  ///   - models: autoencoders and their names.
  ///   - image: a set of one image or more; the first is shown.
  ///   - factors: factors of the noise.
  ///   - backend: the device.
  /// - Throws: `TrainingError` for a classifier, or if the image does not fit; the backend's error.
  package static func noiseLadder(
    _ models: [(name: String, weights: Weights)], image images: ImageSet,
    factors: [Double] = NoiseCurve.factors,
    title: String = "", description: String = "", backend: any Backend
  ) throws -> Mosaic {
    let one = try ImageSet(pixels: Array(images.image(0)), shape: images.shape)
    let seed = models.first?.weights.configuration.seed ?? 0
    let clean = Picture(planar: one.image(0), shape: one.shape)
    let noisy = factors.map { factor in
      Picture(
        values: NoisyImage.values(Array(one.image(0)), index: 0, seed: seed, factor: factor), shape: one.shape
      )
    }
    var rows = [Row("clean", factors.map { _ in clean }), Row("noisy", noisy)]
    for (name, weights) in models {
      try weights.requireImages()
      var configuration = weights.configuration
      configuration.seed = seed
      let seeded = Weights(configuration, weights.state)
      rows.append(
        Row(
          name,
          try factors.map { factor in
            let evaluator = try Evaluator(seeded, images: one, backend: backend, mode: .mean, noise: factor)
            return Picture(values: try evaluator.outputs()[0], shape: one.shape)
          }))
    }
    return Mosaic(
      title: title, description: description, columnTitle: "noise factor",
      columns: factors.map { Numerals.significant($0, 2) }, rows: rows)
  }
}
