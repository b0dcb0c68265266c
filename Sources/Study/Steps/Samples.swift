import Datasets
import Foundation
import Generation
import Models
import Pictures
import Training

extension Step {
  /// New images by several samplers, with scores.
  static func samples(autoencoder: String, variational: String) -> Step {
    Step("samples", "new images", needs: [autoencoder, variational]) { site in
      var drawn: [Drawn] = []
      for (run, kinds) in [
        (autoencoder, [Sampler.uniform, .gaussian, .mixture]), (variational, [.prior, .twoStage]),
      ] {
        let weights = try site.weights(run)
        let codes = try LatentCodes(weights, site.dataset, backend: site.backend)
        let decoder = try Decoder(weights, backend: site.backend)
        for kind in kinds {
          try site.heedStop()
          let sampler =
            kind == .prior
            ? try CodeSampler(prior: weights.configuration)
            : try CodeSampler(kind, fittedTo: codes, threads: site.threads)
          let count = site.judgesSamples ? SampleJudge.sampleCount : Drawn.shown
          let images = try decoder.images(
            sampler.codes(count, seed: site.settings.seed), shape: site.dataset.shape)
          drawn.append(Drawn(kind: kind, run: run, images: images))
        }
      }
      if site.judgesSamples {
        let classifier = try FeatureClassifier(
          for: site.dataset, backend: site.backend,
          keptIn: site.folder.url.appendingPathComponent("features"),
          listener: site.listener)
        let judge = try SampleJudge(
          classifier, dataset: site.dataset, backend: site.backend, threads: site.threads)
        for index in drawn.indices {
          try site.heedStop()
          drawn[index].score = try judge.score(drawn[index].images)
        }
      }
      return try Drawn.result(drawn, site)
    }
  }
}

extension StepSite {
  /// Scoring needs a classifier, and therefore classes, and enough test images.
  fileprivate var judgesSamples: Bool {
    dataset.classCount > 1 && dataset.train.labels != nil && dataset.test.count > SampleJudge.neighbours
      && dataset.train.count <= settings.budget.judgedImages
  }
}

/// Samples of one kind.
private struct Drawn {
  let kind: Sampler
  let run: String
  let images: ImageSet
  var score: SampleScore?

  /// How many a report shows.
  static let shown = 40
  private static let columns = 20

  private var title: String {
    switch kind {
    case .prior: "Variational autoencoder, random codes from its prior"
    case .gaussian: "Autoencoder, a Gaussian fitted to its codes"
    case .mixture: "Autoencoder, a mixture of Gaussians"
    case .twoStage: "Variational autoencoder, a mixture over its means"
    case .uniform: "Autoencoder, random codes"
    }
  }

  static func result(_ drawn: [Drawn], _ site: StepSite) throws -> StepResult {
    var result = StepResult()
    for each in drawn {
      guard let score = each.score else { continue }
      result.measures["frechet \(each.kind.rawValue)"] = score.frechetDistance
      result.measures["precision \(each.kind.rawValue)"] = score.precision
      result.measures["recall \(each.kind.rawValue)"] = score.recall
    }
    for each in drawn { result.figures.append(try each.figure(site)) }
    if drawn.allSatisfy({ $0.score != nil }) {
      result.figures.append(scores(drawn, result.figures.flatMap(\.sources)))
    }
    return result
  }

  private func figure(_ site: StepSite) throws -> Figure {
    let tiles = try images.prefix(Self.shown).pictures
    let rows = stride(from: 0, to: tiles.count, by: Self.columns).map {
      Array(tiles[$0..<min($0 + Self.columns, tiles.count)])
    }
    let distance = score.map { " Fréchet distance \(Numerals.significant($0.frechetDistance, 3))." } ?? ""
    return Figure(
      id: "samples-\(kind.rawValue)", title: "\(title).",
      caption: "The first \(tiles.count) samples, not selected.\(distance)",
      picture: try Illustration(
        ImageGrid(margin: 1, scale: tiles[0].width < 32 ? 2 : 1).picture(rows: rows),
        alt: "\(tiles.count) new images"),
      sources: [
        Source(
          command: "facsimile generate DIR/runs/\(run) --sampler \(kind.rawValue) --count \(tiles.count) "
            + "--out samples.png", seed: site.settings.seed, what: "state",
          hash: try site.result(run).source?.hash ?? "")
      ])
  }

  private static func scores(_ drawn: [Drawn], _ sources: [Source]) -> Figure {
    let heads = ["samples", "Fréchet distance", "precision", "recall", "balance of classes"]
    let rows = drawn.map { each in
      let score = each.score!
      return [
        each.title, Numerals.significant(score.frechetDistance, 3), Numerals.percent(score.precision),
        Numerals.percent(score.recall), Numerals.fixed(score.classBalance, 3),
      ]
    }
    let exact = drawn.map { each in
      let score = each.score!
      return [each.kind.rawValue]
        + [score.frechetDistance, score.precision, score.recall, score.classBalance].map { "\($0)" }
    }
    return Figure(
      id: "sample-scores", title: "How good the samples are.",
      caption:
        "\(Numerals.count(drawn[0].images.count)) samples of each kind compared with test images, in the feature space of a classifier "
        + "trained for this. A low distance is good; precision is the share of samples similar to test images, recall the share of "
        + "test images similar to samples, and balance shows whether all classes occur equally (1).",
      table: Table("Scores of samples", heads: heads, numbers: [1, 2, 3, 4], rows: rows), sources: sources,
      csv: CSV.text([["sampler", "frechet_distance", "precision", "recall", "class_balance"]] + exact))
  }
}
