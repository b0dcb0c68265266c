import Analysis
import Foundation
import Pictures
import Storage

/// Two maps of a run's codes: their first two principal components, and t-SNE.
struct LatentMaps {
  /// [images][2].
  let principal: Matrix
  let embedded: Matrix
  /// For each image whether t-SNE keeps its neighbours.
  let keeps: [Bool]
  /// The way back from the principal components: mean, and the two directions.
  let origin: [Double]
  let axes: [[Double]]
  /// Maximum perplexity; fewer images use less.
  static let perplexity = 30.0
  /// Minimum number of images of a map.
  static let fewestImages = 10
  let measures: [String: Double]

  /// Computes both.
  ///
  /// - Parameters:
  ///   - codes: of at least ten images, two numbers or more each.
  ///   - seed: random seed of t-SNE.
  ///   - threads: number of threads; does not affect the result.
  ///   - stop: throws to end early.
  /// - Throws: `AnalysisError`, and what `stop` throws.
  init(_ codes: Codes, seed: UInt64, threads: Int, stop: () throws -> Void) throws {
    let matrix = Matrix(
      rows: codes.codes.count, columns: codes.codes[0].count, values: codes.codes.flatMap { $0 })
    let pca = try PCA(matrix, threads: threads)
    principal = pca.project(matrix, onto: 2)
    (origin, axes) = (pca.mean, (0..<2).map { Array(pca.components[row: $0]) })
    var method = TSNE()
    (method.seed, method.threads) = (seed, threads)
    method.perplexity = min(Self.perplexity, TSNE.largestPerplexity(points: matrix.rows))
    let embedding = try method.embed(matrix) { _, _ in try stop() }
    embedded = embedding.points
    let quality = try EmbeddingQuality(of: embedded, for: matrix, threads: threads)
    keeps = quality.isFaint.map { !$0 }
    measures = [
      "divergence": embedding.divergence, "perplexity": method.perplexity,
      "trustworthiness": quality.trustworthiness, "neighbour-recall": quality.recall,
      "explained": pca.explained.prefix(2).reduce(0, +),
    ]
  }

  /// Reads the maps from a file.
  ///
  /// - Throws: `SafeTensorsError`.
  init(_ file: SafeTensors, measures: [String: Double]) throws {
    func matrix(_ name: String) throws -> Matrix {
      let values = try file.values(name, of: Double.self)
      return Matrix(rows: values.count / 2, columns: 2, values: values)
    }
    (principal, embedded) = (try matrix("principal"), try matrix("embedded"))
    keeps = try file.values("keeps", of: UInt8.self).map { $0 == 1 }
    origin = try file.values("origin", of: Double.self)
    let axes = try file.values("axes", of: Double.self)
    self.axes = [Array(axes.prefix(origin.count)), Array(axes.suffix(origin.count))]
    self.measures = measures
  }

  /// The maps as a file.
  ///
  /// - Throws: `SafeTensorsError`.
  func file() throws -> SafeTensors {
    var file = SafeTensors()
    try file.add("principal", shape: [principal.rows, 2], values: principal.values)
    try file.add("embedded", shape: [embedded.rows, 2], values: embedded.values)
    try file.add("keeps", shape: [keeps.count], values: keeps.map { $0 ? UInt8(1) : 0 })
    try file.add("origin", shape: [origin.count], values: origin)
    try file.add("axes", shape: [2, origin.count], values: axes.flatMap { $0 })
    return file
  }

  /// The maps as a report's explorer takes them.
  var placed: [Placed] {
    [
      Placed(
        name: "Autoencoder, t-SNE",
        about:
          "Neighbours among the codes are neighbours here; distances between groups mean little. Faint: images whose "
          + "neighbours the map does not keep.",
        points: embedded.values.map { Float($0) }, keeps: keeps, inverse: nil),
      Placed(
        name: "Autoencoder, PCA",
        about:
          "The two directions along which the codes spread most, \(Numerals.percent(measures["explained"] ?? 0)) of the "
          + "variance. Decoding a point uses its code in this plane.",
        points: principal.values.map { Float($0) }, keeps: nil,
        inverse: .init(origin: origin, axes: axes, isWhole: false)),
    ]
  }

  /// Both as charts.
  func figures(labels: [Int]?, names: [String], source: Source?) -> [Figure] {
    func chart(_ points: Matrix, _ isFaint: [Bool], _ what: String) -> Illustration {
      let chart = ScatterChart(
        title: "", description: what,
        points: (0..<points.rows).map { Point(points[$0, 0], points[$0, 1]) },
        colour: labels.map { .classes($0, names: names) } ?? .one, isFaint: isFaint, hasEqualUnits: true)
      return Illustration(chart.drawing(width: 760, height: 640))
    }
    func csv(_ points: Matrix) -> String {
      CSV.text(
        [["image", "x", "y"] + (labels == nil ? [] : ["label"])]
          + (0..<points.rows).map { row in
            ["\(row + 1)", "\(points[row, 0])", "\(points[row, 1])"] + (labels.map { ["\($0[row])"] } ?? [])
          })
    }
    let lost = keeps.filter { !$0 }.count
    let sources = source.map { [$0] } ?? []
    return [
      Figure(
        id: "latent-tsne", title: "Latent codes by t-SNE.",
        caption: "Each point is a test image; images with similar codes are close together"
          + (labels == nil ? "." : "; no label was ever shown to the model.")
          + " \(Numerals.count(lost)) of \(Numerals.count(keeps.count)) points are faint: their neighbours on the map are not "
          + "those among the codes. Trustworthiness \(Numerals.fixed(measures["trustworthiness"] ?? 0, 3)).",
        kind: "stand-in",
        picture: chart(embedded, keeps.map { !$0 }, "Map of codes by t-SNE, coloured by class"),
        sources: sources,
        csv: csv(embedded)),
      Figure(
        id: "latent-pca", title: "Latent codes by PCA.",
        caption:
          "The two directions of largest spread hold \(Numerals.percent(measures["explained"] ?? 0)) of the variance; "
          + "the other directions are not visible here.", kind: "stand-in",
        picture: chart(principal, [], "Map of codes by principal components, coloured by class"),
        sources: sources,
        csv: csv(principal)),
    ]
  }
}
