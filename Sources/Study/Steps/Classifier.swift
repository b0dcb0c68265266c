import Foundation
import Models
import Training

extension Step {
  /// Which classes the classifier takes for which.
  static func confusion(run: String) -> Step {
    Step("confusion", "confusion of classes", needs: [run]) { site in
      let evaluation = try Evaluator(
        site.weights(run), images: site.dataset.test, backend: site.backend
      ).evaluate()
      let confusion = evaluation.confusion ?? []
      let names = confusion.indices.map(site.dataset.className)
      let rows: [[String]] = zip(names, confusion).map { name, counts in
        [name] + counts.map { $0 == 0 ? "" : Numerals.count($0) }
      }
      var worst: (taken: Int, for: Int, count: Int) = (0, 0, 0)
      for (row, counts) in confusion.enumerated() {
        for (column, count) in counts.enumerated() where row != column && count > worst.count {
          worst = (row, column, count)
        }
      }
      var result = StepResult(measures: evaluation.metrics)
      var figure = Figure(
        id: "confusion", title: "What is taken for what.",
        caption: "Rows are classes of test images, columns what the fine-tuned classifier says."
          + (worst.count > 0
            ? " The most common mistake, \(worst.count) times: \(names[worst.taken]) taken for \(names[worst.for])." : ""),
        table: Table(
          "Confusion matrix", heads: ["class"] + names, numbers: Set(1...max(names.count, 1)), rows: rows),
        sources: [try site.result(run).source].compactMap { $0 })
      figure.csv = CSV.text([["class"] + names] + zip(names, confusion).map { name, counts in [name] + counts.map(String.init) })
      result.figures = [figure]
      return result
    }
  }
}
