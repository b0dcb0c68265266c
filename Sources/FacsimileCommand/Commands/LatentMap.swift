import Analysis
import Datasets
import Foundation
import Interchange
import Pictures
import Storage

/// Latent codes projected to the plane, and the files that show them.
struct LatentMap {
  /// What is written.
  enum FileKind: String, CaseIterable {
    case png, svg, csv, html
    case projector

    /// By file extension; none means a folder for the projector.
    ///
    /// Throws: `UsageError`.
    init(_ path: String) throws {
      let ending = URL(systemPath: path).pathExtension.lowercased()
      guard !path.isEmpty, let kind = ending.isEmpty ? Self.projector : Self(rawValue: ending),
        ending != "projector"
      else {
        throw UsageError(
          "--out is '\(path)': expected a .png, .svg, .csv or .html file, or a name without an extension for the "
            + "embedding projector's folder")
      }
      self = kind
    }

    /// Checks the output location before any long computation.
    ///
    /// Throws: `UsageError`, `CommandFailure`, `FolderNotEmpty`.
    func requirePlace(_ path: String) throws {
      let url = URL(systemPath: path)
      let parent = url.deletingLastPathComponent().path
      if self != .projector, !Files.exists(parent) {
        throw UsageError("--out is '\(path)': there is no folder \(parent)")
      }
      guard self == .projector else { return try OutputFile.requirePlace(path) }
      try requireEmptyFolder(url)
      if Files.exists(parent), parent.withSystemPath({ access($0, W_OK) }) != 0 {
        throw UsageError("--out is '\(path)': \(parent) is not writable")
      }
    }
  }

  /// The images of the points.
  struct Images {
    let source: ImageSet
    let indices: [Int]
    let dataset: Dataset

    init(_ source: ImageSet, _ indices: [Int], _ dataset: Dataset) {
      (self.source, self.indices, self.dataset) = (source, indices, dataset)
    }

    /// A class for each; nil if there are no labels.
    var labels: [Int]? { source.labels.map { labels in indices.map { Int(labels[$0]) } } }
    var classNames: [String] {
      (0..<dataset.classCount).map { dataset.classNames == nil ? "\($0)" : dataset.className($0) }
    }
  }

  let codes: Matrix
  /// [points, 2].
  let places: Matrix
  let images: Images
  let quality: EmbeddingQuality
  /// The result of t-SNE.
  let embedding: TSNE.Embedding?
  /// PCA's shares of the variance.
  let explained: [Double]?

  /// Throws: `AnalysisError`.
  init(
    of codes: Matrix, places: Matrix, _ images: Images, embedding: TSNE.Embedding? = nil,
    explained: [Double]? = nil, threads: Int
  ) throws {
    self.codes = codes
    self.places = places
    self.images = images
    self.embedding = embedding
    self.explained = explained
    quality = try EmbeddingQuality(of: places, for: codes, threads: threads)
  }

  /// The map as a chart.
  var chart: ScatterChart {
    let name = embedding == nil ? "PCA" : "t-SNE"
    let shares = explained.map { shares in
      (0..<2).map { index in
        let percent = index < shares.count ? Format.fixed(100 * shares[index], 1) : "0"
        return "component \(index + 1) (\(percent) % of the variance)"
      }
    }
    let count = Format.count(places.rows)
    return ScatterChart(
      title: "\(name) of \(count) codes, \(images.dataset.name)",
      description:
        "A map of \(count) codes by \(name); faint points keep fewer than a fifth of their \(quality.neighbours) "
        + "nearest codes beside them.",
      x: Axis(shares?[0] ?? ""), y: Axis(shares?[1] ?? ""),
      points: (0..<places.rows).map { Point(places[$0, 0], places[$0, 1]) },
      colour: images.labels.map { .classes($0, names: images.classNames) } ?? .one, isFaint: quality.isFaint,
      hasEqualUnits: true)
  }

  /// CSV with the columns index, label, x, y, kept; without labels the label is empty.
  var table: String {
    let labels = images.labels
    let rows = (0..<places.rows).map { row in
      "\(images.indices[row]),\(labels.map { "\($0[row])" } ?? ""),\(places[row, 0]),\(places[row, 1]),"
        + "\(quality.kept[row])\n"
    }
    return "index,label,x,y,kept\n" + rows.joined()
  }

  /// Writes the file, or the folder.
  ///
  /// Throws: `FileError`, `PNGError`, `DatasetError`, `InterchangeError`.
  func write(to url: URL, as kind: FileKind) throws {
    switch kind {
    case .png: try chart.drawing().picture().write(to: url)
    case .svg: try AtomicFile.write(Data(chart.drawing().svg().utf8), to: url)
    case .csv: try AtomicFile.write(Data(table.utf8), to: url)
    case .html: try AtomicFile.write(Data(page.utf8), to: url)
    case .projector: try projector().write(to: url)
    }
  }

  /// A self-contained page with the chart.
  private var page: String {
    let drawing = chart.drawing()
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(drawing.title.replacing("&", with: "&amp;").replacing("<", with: "&lt;"))</title>
      <style>body { margin: 0; background: light-dark(#fff, #111); color-scheme: light dark }
      svg { display: block; width: 100%; height: 100vh }</style>
      </head>
      <body>
      \(drawing.svg())
      </body>
      </html>

      """
  }

  /// The codes for the projector, which projects them itself; the points of this map are extra columns.
  private func projector() throws -> ProjectorFiles {
    let all = images.source
    let few = try ImageSet(
      pixels: images.indices.flatMap { all.image($0) },
      labels: all.labels.map { labels in images.indices.map { labels[$0] } }, shape: all.shape)
    let columns: [Points.Column] = [
      ("x", (0..<places.rows).map { "\(places[$0, 0])" }),
      ("y", (0..<places.rows).map { "\(places[$0, 1])" }), ("kept", quality.kept.map { "\($0)" }),
    ]
    return ProjectorFiles(
      codes: codes,
      Points(few, classNames: images.dataset.classNames, indices: images.indices, columns: columns))
  }
}
