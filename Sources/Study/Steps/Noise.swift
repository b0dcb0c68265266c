import Foundation
import Models
import Pictures
import Storage
import Training

extension Step {
  /// Plain against denoising autoencoders, for rising noise on the test images.
  static func noise(plain: [String], denoising: [String]) -> Step {
    Step("noise", "plain against denoising", needs: plain + denoising) { site in
      var result = StepResult()
      for (name, runs) in [("plain", plain), ("denoising", denoising)] {
        let weights = try runs.map(site.weights)
        for noise in Recipes.noises {
          try site.heedStop()
          result.series["\(name) \(noise)"] = try weights.map {
            try Evaluator($0, images: site.dataset.test, backend: site.backend, noise: noise).evaluate().metrics["loss"]!
          }
        }
      }
      result.figures = [
        try curve(result, sources: [plain[0], denoising[0]].compactMap { try site.result($0).source })
      ]
      return result
    }
  }

  private static func curve(_ result: StepResult, sources: [Source]) throws -> Figure {
    func mean(_ name: String, _ noise: Double) -> Double { Spread(result.series["\(name) \(noise)"] ?? []).mean }
    let rows = Recipes.noises.map { noise in
      ["\(noise)", Numerals.significant(mean("plain", noise), 4), Numerals.significant(mean("denoising", noise), 4)]
    }
    let exact = Recipes.noises.map { noise in
      [noise, mean("plain", noise), mean("denoising", noise)].map { "\($0)" }
    }
    return Figure(
      id: "noise-curve", title: "The price of noise.",
      caption: "Mean squared error against the clean test image. The plain autoencoder takes noise for strokes; the denoising "
        + "one, which has only ever seen noisy images, leaves it out.",
      table: Table("Error by noise", heads: ["noise", "plain", "denoising"], numbers: [0, 1, 2], rows: rows),
      sources: sources, csv: CSV.text([["noise", "plain", "denoising"]] + exact))
  }
}
