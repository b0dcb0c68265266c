import Foundation
import Pictures
import Training
import Views

extension Step {
  /// The losses of a run.
  static func lossTrend(run: String) -> Step {
    Step("loss-trend", "loss trend", needs: [run]) { site in
      let manifest = try RunFolder(reading: site.folder.run(run)).manifest()
      let test = try site.result(run).measures["loss"]
      return StepResult(
        figures: [Figure.lossTrend(manifest, test: test, source: try site.result(run).source)])
    }
  }
}

extension Figure {
  /// Training and validation losses by epoch, with the epoch whose weights are kept.
  ///
  /// - Parameter test: the loss of those weights on the test images.
  static func lossTrend(_ manifest: Manifest, test: Double?, source: Source?) -> Figure {
    let records = manifest.epochs
    let chart = LineChart.training(
      manifest, test: test,
      description: "Loss by epoch; epoch \(manifest.bestEpoch) is the best")
    let rows = records.map { record in
      [
        "\(record.epoch)", "\(record.trainLoss)", record.validationLoss.map { "\($0)" } ?? "",
        record.stateSHA256,
      ]
    }
    return Figure(
      id: "loss-trend", title: "Loss by epoch.",
      caption: "Train is measured while training, "
        + "validation after the epoch on held-out images; the weights of the best epoch are kept"
        + (test.map { " and reach \(Numerals.significant($0, 4)) on the test images" } ?? "") + ".",
      picture: Illustration(chart.drawing(width: 760, height: 380)), sources: source.map { [$0] } ?? [],
      csv: CSV.text([["epoch", "train_loss", "validation_loss", "state_sha256"]] + rows))
  }
}
