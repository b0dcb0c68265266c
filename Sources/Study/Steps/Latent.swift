import Analysis
import Foundation
import Numerics
import Pictures
import Storage
import Training

extension Step {
  /// Two maps of a run's codes: their principal components, and t-SNE.
  static func latent(run: String) -> Step {
    Step("latent", "PCA and t-SNE of the codes", needs: ["codes-\(run)"]) { site in
      let codes = try Codes(site.folder.tensors("codes-\(run)"))
      let maps = try LatentMaps(
        codes, seed: site.settings.seed, threads: site.threads, stop: { try site.heedStop() })
      site.tensors = try maps.file()
      var result = StepResult()
      result.measures = maps.measures
      let labels = site.dataset.test.labels.map { $0.prefix(codes.codes.count).map(Int.init) }
      result.figures = maps.figures(
        labels: labels, names: (0..<site.dataset.classCount).map(site.dataset.shortName),
        source: try site.result("codes-\(run)").source)
      return result
    }
  }
}
