import Analysis
import Datasets
import Foundation
import Pictures
import Storage
import Training

/// Points in the plane with their images, as the Parquet file that Embedding Atlas opens
/// (apple.github.io/embedding-atlas):
///
///     embedding-atlas FILE --x x --y y --image image
///
/// Columns: `index`, `x`, `y`, `label` if there are labels, those of ``Points/columns``, and `image`, an object of
/// `bytes` (a PNG) and `path`, as in data sets on Hugging Face.
package struct PointTable {
  private let contents: Data

  /// A table of points.
  ///
  /// - Parameters:
  ///   - places: [points, 2]; as many as there are images, or the call traps.
  ///   - points: the images.
  /// - Throws: `PNGError`.
  package init(places: Matrix, _ points: Points) throws {
    precondition(
      places.columns == 2 && places.rows == points.images.count,
      "PointTable: \(places.rows) × \(places.columns) places for \(points.images.count) images")
    func column(_ number: Int) -> [Double] { (0..<places.rows).map { places[$0, number] } }
    var columns = [
      ParquetFile.Column("index", .integers(points.indices.map(Int64.init))),
      ParquetFile.Column("x", .numbers(column(0))), ParquetFile.Column("y", .numbers(column(1))),
    ]
    if let labels = points.labels { columns.append(.init("label", .texts(labels))) }
    columns += points.columns.map { .init($0.name, .texts($0.values)) }
    let images = try (0..<places.rows).map {
      try Picture(planar: points.images.image($0), shape: points.images.shape).pngData()
    }
    let paths = points.indices.map { "\($0).png" }
    columns.append(.init("image", group: [("bytes", .bytes(images)), ("path", .texts(paths))]))
    contents = ParquetFile.contents(columns, by: "Facsimile \(Version.number)")
  }

  /// Writes the file atomically.
  ///
  /// - Throws: `FileError`.
  package func write(to url: URL) throws { try AtomicFile.write(contents, to: url) }

  /// The bytes of the file.
  package func data() -> Data { contents }
}
