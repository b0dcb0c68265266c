import Datasets
import Foundation
import Models
import Pictures
import Search
import Storage
import Training

extension Step {
  /// The search of the published study, or a sample of it.
  ///
  /// - Throws: `SearchError` if the images are too few to choose by.
  static func search(_ settings: StudySettings, _ dataset: Dataset) throws -> Step {
    let text = Recipes.searchSpace(settings.budget, isFull: settings.isSearchFull, seed: settings.seed)
    let space = try SearchSpace(text)
    return Step("search", "search, \(Numerals.count(space.trials)) trials", settings: text) { site in
      let search = try Search(space, dataset: site.dataset, storage: site.folder.searchFile)
      let outcome = try search.run(
        on: [site.backend], stopSignal: site.stopSignal, report: site.searchListener)
      guard outcome == .finished else { throw StudyInterrupted() }
      return try result(SearchTable(search, data: site.dataset.name), settings)
    }
  }

  private static func result(_ found: SearchTable, _ settings: StudySettings) -> StepResult {
    let keys = ["latent", "filters", "hidden", "dropout", "learning-rate", "weight-decay"]
    let heads =
      ["place", "validation loss", "epochs"] + keys.map { $0.replacing("-", with: " ") } + ["trial"]
    let rows = found.trials.enumerated().map { place, trial in
      let loss = trial.validationLoss.map { Numerals.significant($0, 4) } ?? "not finite"
      let cells =
        ["\(place + 1)", loss, "\(trial.epochs)"] + keys.map { trial.settings[$0] ?? "" }
        + ["\(trial.number)"]
      return Table.Row(cells: cells.map { Table.Cell(text: $0) }, kind: place == 0 ? "best" : "")
    }
    // The page is limited; the whole grid has 49,152 trials.
    let shown = Array(rows.prefix(Self.mostRows))
    let table = Table(
      "Trials of the search", kind: "sortable", heads: heads, numbers: [0, 1, 2, 3, 6, 7, 8, 9], rows: shown)
    let exact = found.trials.map { trial in
      ["\(trial.number)", trial.validationLoss.map { "\($0)" } ?? "", "\(trial.epochs)"]
        + keys.map { trial.settings[$0] ?? "" } + [trial.stateSHA256 ?? ""]
    }
    let csv = CSV.text([["trial", "validation_loss", "epochs"] + keys + ["state_sha256"]] + exact)
    let file =
      settings.isSearchFull ? "" : " --strategy \(found.strategy.rawValue) --trials \(found.trials.count)"
    let sources = [
      Source(
        command:
          "facsimile search tools/study-grid.yaml\(file) --epochs \(found.trials.map(\.epochs).max() ?? 0) "
          + "--seed \(settings.seed) --data \(shellQuoted(found.dataset))",
        seed: settings.seed, what: "table", hash: Fingerprint.hex(of: Data(csv.utf8)))
    ]
    var result = StepResult()
    result.measures = ["trials": Double(found.trials.count)]
    result.measures["best"] = found.trials.first?.validationLoss
    result.figures = [
      Figure(
        id: "search-table", title: "\(Numerals.count(found.trials.count)) trials, best first.",
        caption: "Each row is a configuration of the published grid"
          + (settings.isSearchFull ? "" : ", drawn at random")
          + ", judged on held-out images after its best epoch. Click a column header to sort."
          + (shown.count < rows.count ? " The first \(shown.count) are shown; the file has all." : ""),
        table: table, sources: sources, csv: csv),
      chart(found.trials, sources),
    ]
    return result
  }

  private static let mostRows = 200

  private static func chart(_ trials: [SearchTable.Row], _ sources: [Source]) -> Figure {
    let shown = Array(trials.prefix(mostRows))
    func numbers(_ key: String) -> [Double] { shown.map { $0.settings[key].flatMap(Double.init) ?? .nan } }
    let chart = ParallelCoordinates(
      description:
        "Trials of the search as lines over their settings; the best are at the top of the last axis",
      columns: [
        .init("latent", shown.map { $0.settings["latent"] ?? "" }),
        .init("hidden", shown.map { $0.settings["hidden"] ?? "" }),
        .init("dropout", numbers("dropout")),
        .init("learning rate", numbers("learning-rate"), scale: .logarithmic),
        .init("weight decay", shown.map { $0.settings["weight-decay"] ?? "" }),
      ],
      results: shown.map { $0.validationLoss ?? .nan },
      resultAxis: Axis("validation loss", scale: .logarithmic))
    return Figure(
      id: "search-chart", title: "Settings of the best trials.",
      caption:
        "Every line is a trial, from its settings to its validation loss. If the dark lines of the good trials "
        + "meet at one point of an axis, that setting matters; if they are spread over it, it does not.",
      picture: Illustration(chart.drawing()), sources: sources)
  }
}
