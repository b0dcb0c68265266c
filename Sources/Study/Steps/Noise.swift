import Foundation
import Models
import Pictures
import Training
import Views

extension Step {
  /// Plain against denoising autoencoders, for rising noise on the test images.
  static func noise(plain: [String], denoising: [String]) -> Step {
    Step("noise", "plain against denoising", needs: plain + denoising) { site in
      var result = StepResult()
      var curves: [NoiseCurve] = []
      for (name, runs) in [("plain", plain), ("denoising", denoising)] {
        for (index, run) in runs.enumerated() {
          try site.heedStop()
          let curve = try NoiseCurve(
            site.weights(run), name: runs.count > 1 ? "\(name) \(index + 1)" : name,
            images: site.dataset.test,
            backend: site.backend)
          curves.append(curve)
          for level in curve.levels {
            result.series["\(name) \(level.noise)", default: []].append(level.meanSquaredError)
          }
        }
      }
      let sources = try [plain[0], denoising[0]].compactMap { try site.result($0).source }
      result.figures = [
        try ladder(site, plain: plain[0], denoising: denoising[0], sources), curve(result, curves, sources),
      ]
      return result
    }
  }

  private static func ladder(
    _ site: StepSite, plain: String, denoising: String, _ sources: [Source]
  ) throws -> Figure {
    // Wide images leave room for fewer steps.
    let factors = site.dataset.shape.width > 48 ? [0, 0.2, 0.4, 0.6, 0.8, 1] : NoiseCurve.factors
    let mosaic = try Mosaic.noiseLadder(
      [("plain", site.weights(plain)), ("denoising", site.weights(denoising))], image: site.testImages(1),
      factors: factors,
      description:
        "One test image with increasing noise, and its restorations by the plain and the denoising autoencoder",
      backend: site.backend)
    return Figure(
      id: "noise-ladder", title: "One image with increasing noise.",
      caption:
        "Clean and noisy input, and the outputs of the plain and the denoising autoencoder. Both have the same "
        + "layers and settings; only their training inputs differ.",
      picture: Illustration(mosaic.drawing()), sources: sources)
  }

  /// Means over the seeds, with the deviation of single seeds.
  private static func curve(_ result: StepResult, _ curves: [NoiseCurve], _ sources: [Source]) -> Figure {
    func spread(_ name: String, _ noise: Double) -> Spread { Spread(result.series["\(name) \(noise)"] ?? []) }
    let series = ["plain", "denoising"].map { name in
      let spreads = NoiseCurve.factors.map { spread(name, $0) }
      return LineChart.Series(
        name, zip(NoiseCurve.factors, spreads).map { Point($0, $1.mean) },
        spread: spreads.allSatisfy { $0.deviation != nil } ? spreads.map { $0.deviation! } : [],
        isMarked: true)
    }
    var chart = NoiseCurve.chart(
      [], description: "Error by noise of the plain and of the denoising autoencoder")
    chart.series = series
    let seeds = result.series["plain 0.0"]?.count ?? 1
    let means = seeds > 1 ? "; lines are means of \(seeds) seeds, shades their deviation" : ""
    return Figure(
      id: "noise-curve", title: "Error by noise level.",
      caption:
        "Mean squared error against the clean test image, as noise of a standard deviation from 0 to 1 is added to every "
        + "pixel. To the right of the crossing, training with noise is better\(means).",
      picture: Illustration(chart.drawing(width: 760, height: 400)), sources: sources,
      csv: NoiseCurve.csv(curves))
  }
}
