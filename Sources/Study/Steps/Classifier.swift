import Foundation
import Models
import Pictures
import Training
import Views

extension Step {
  /// The classifier's confusion matrix.
  static func confusion(run: String) -> Step {
    Step("confusion", "confusion of classes", needs: [run]) { site in
      let evaluation = try Evaluator(
        site.weights(run), images: site.dataset.test, backend: site.backend
      ).evaluate()
      let names = (0..<site.dataset.classCount).map(site.dataset.shortName)
      var result = StepResult(measures: evaluation.metrics)
      result.figures = Figure.confusion(evaluation, names: names, source: try site.result(run).source)
      return result
    }
  }
}

extension Figure {
  /// How often each class was predicted as each; empty if the evaluation is not of a classifier.
  static func confusion(_ evaluation: Evaluation, names: [String], source: Source?) -> [Figure] {
    guard
      let confusion = evaluation.confusion,
      let chart = HeatMap.confusion(
        evaluation, names: names, description: "Confusion matrix of classes")
    else { return [] }
    var worst: (taken: Int, for: Int, count: Int) = (0, 0, 0)
    for (row, counts) in confusion.enumerated() {
      for (column, count) in counts.enumerated() where row != column && count > worst.count {
        worst = (row, column, count)
      }
    }
    let mistake =
      worst.count > 0
      ? " The most common mistake, \(worst.count) times: \(names[worst.taken]) taken for \(names[worst.for])."
      : ""
    return [
      Figure(
        id: "confusion", title: "Confusion matrix.",
        caption:
          "Rows are the true classes of test images, columns the predictions; mistakes are off the diagonal."
          + mistake,
        picture: Illustration(chart.drawing()), sources: source.map { [$0] } ?? [],
        csv: CSV.text(
          [["class"] + names] + zip(names, confusion).map { name, counts in [name] + counts.map(String.init) }
        ))
    ]
  }

  /// The filters of the first layer; nil if its weights cannot be shown as pictures.
  static func filters(_ weights: Weights, source: Source?) -> Figure? {
    guard
      let mosaic = try? Mosaic.filters(
        weights, description: "The weights of the first layer's units as small pictures")
    else { return nil }
    return Figure(
      id: "filters", title: "Filters of the first layer.",
      caption:
        "The weights of its units; grey is zero, white and black are the extremes. A bright and a dark half "
        + "detect an edge in that direction.",
      picture: Illustration(mosaic.drawing()), sources: source.map { [$0] } ?? [])
  }
}
