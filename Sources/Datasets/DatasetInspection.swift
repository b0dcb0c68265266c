import Foundation

/// Statistics of a data set.
package struct DatasetInspection: Sendable, Equatable, Codable {
  /// Statistics of a training or test set.
  package struct Part: Sendable, Equatable, Codable {
    /// Number of images.
    package let images: Int
    /// Values per pixel: 1 or 3.
    package let channels: Int
    /// Rows per image.
    package let height: Int
    /// Pixels per row.
    package let width: Int
    /// How many images of each class, from class 0; nil if there are no labels.
    package let classHistogram: [Int]?
    /// Mean of all values, 0 being black and 1 full brightness.
    package let mean: Double
    /// Mean of the values of each channel.
    package let channelMeans: [Double]
    /// Standard deviation of all values (dividing by their count).
    package let standardDeviation: Double

    /// The statistics of a set.
    ///
    /// - Parameters:
    ///   - set: the images.
    ///   - classCount: how many classes the data set has; 0 if it has no labels.
    /// - Throws: as ``ImageSet/read(_:into:)``.
    package init(_ set: ImageSet, classCount: Int) throws {
      images = set.count
      channels = set.channels
      height = set.height
      width = set.width
      classHistogram = set.labels.map { labels in
        var counts = [Int](repeating: 0, count: classCount)
        for label in labels { counts[Int(label)] += 1 }
        return counts
      }
      // Sums over the 256 shades: the same result however the pixels are ordered.
      let shades = try Self.histograms(set)
      channelMeans = shades.map(Self.mean)
      let all = (0..<256).map { shade in shades.reduce(0) { $0 + $1[shade] } }
      let mean = Self.mean(all)
      let squares = all.enumerated().reduce(0) { sum, shade in
        let distance = Double(shade.offset) / 255 - mean
        return sum + distance * distance * Double(shade.element)
      }
      self.mean = mean
      standardDeviation = (squares / Double(set.bytes.count)).squareRoot()
    }

    /// Histograms of each channel.
    private static func histograms(_ set: ImageSet) throws -> [[Int]] {
      let (channels, area) = (set.channels, set.height * set.width)
      var counts = [Int](repeating: 0, count: channels * 256)
      // Values in memory are not copied.
      var place = 0
      try set.bytes.pass { piece in
        for pixel in piece {
          counts[place / area % channels * 256 + Int(pixel)] += 1
          place += 1
        }
      }
      return (0..<channels).map { Array(counts[$0 * 256..<($0 + 1) * 256]) }
    }

    private static func mean(_ shades: [Int]) -> Double {
      let total = Double(shades.reduce(0, +))
      return shades.enumerated().reduce(0) { $0 + Double($1.offset) / 255 * Double($1.element) } / total
    }
  }

  /// A file of the data set.
  package struct File: Sendable, Equatable, Codable {
    /// Its name, without `.gz`.
    package let file: String
    /// SHA-256 of its unpacked bytes.
    package let sha256: String
  }

  /// A known name, or the name of the folder.
  package let name: String
  /// The folder it was read from.
  package let folder: String
  /// Whether every file is, by its hash, the one published under the name.
  package let isVerified: Bool
  /// The training set.
  package let train: Part
  /// The test set.
  package let test: Part
  /// Names of the classes, from class 0, if known.
  package let classNames: [String]?
  /// The data set's hash; see `Dataset.sha256`.
  package let sha256: String
  /// The files by name; empty for a folder of PNG.
  package let files: [File]
}

extension DatasetCatalog {
  /// Reads a data set and computes its statistics.
  ///
  /// - Parameter nameOrFolder: as for `load(_:)`.
  /// - Throws: as `load(_:)`.
  package func inspect(_ nameOrFolder: String) throws -> DatasetInspection {
    let (dataset, files) = try read(nameOrFolder)
    return try DatasetInspection(
      name: dataset.name, folder: dataset.source?.path ?? "", isVerified: dataset.isVerified,
      train: .init(dataset.train, classCount: dataset.classCount),
      test: .init(dataset.test, classCount: dataset.classCount),
      classNames: dataset.classNames, sha256: dataset.sha256,
      files: files.sorted { $0.key < $1.key }.map { .init(file: $0.key, sha256: $0.value) })
  }
}
