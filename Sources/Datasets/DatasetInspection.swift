import Foundation

/// What is in a data set, in figures.
public struct DatasetInspection: Sendable, Equatable, Codable {
  /// Figures of a training or test set.
  public struct Part: Sendable, Equatable, Codable {
    /// How many images.
    public let count: Int
    /// Rows per image.
    public let height: Int
    /// Pixels per row.
    public let width: Int
    /// How many images of each class, from class 0; nil where there are no labels.
    public let classHistogram: [Int]?
    /// Mean of all pixels, 0 being black and 1 white.
    public let mean: Double
    /// Standard deviation of all pixels (dividing by their count), 0 being black and 1 white.
    public let standardDeviation: Double

    /// The figures of a set.
    ///
    /// - Parameters:
    ///   - set: the images.
    ///   - classCount: how many classes the data set has; 0 where it has no labels.
    public init(_ set: ImageSet, classCount: Int) {
      count = set.count
      height = set.height
      width = set.width
      classHistogram = set.labels.map { Array(Self.histogram($0).prefix(classCount)) }
      // Sums over the 256 shades: the same result however the pixels are ordered.
      let shades = Self.histogram(set.pixels).enumerated().map { (Double($0) / 255, Double($1)) }
      let total = Double(set.pixels.count)
      let mean = shades.reduce(0) { $0 + $1.0 * $1.1 } / total
      let squares = shades.reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 }
      self.mean = mean
      standardDeviation = (squares / total).squareRoot()
    }

    private static func histogram(_ bytes: [UInt8]) -> [Int] {
      bytes.reduce(into: [Int](repeating: 0, count: 256)) { counts, byte in counts[Int(byte)] += 1 }
    }
  }

  /// A known name, or the name of the folder.
  public let name: String
  /// The folder it was read from.
  public let folder: String
  /// Whether every file is, by its hash, the one published under the name.
  public let isVerified: Bool
  /// The training set.
  public let train: Part
  /// The test set.
  public let test: Part
  /// The data set's hash; see `Dataset.sha256`.
  public let sha256: String
  /// SHA-256 of each unpacked file, by its name without `.gz`.
  public let files: [String: String]
}

extension DatasetCatalog {
  /// Reads a data set and takes its figures.
  ///
  /// - Parameter nameOrFolder: as for `load(_:)`.
  /// - Throws: as `load(_:)`.
  public func inspect(_ nameOrFolder: String) throws -> DatasetInspection {
    let (dataset, hashes) = try read(nameOrFolder)
    return DatasetInspection(
      name: dataset.name, folder: dataset.source.path, isVerified: dataset.isVerified,
      train: .init(dataset.train, classCount: dataset.classCount),
      test: .init(dataset.test, classCount: dataset.classCount), sha256: dataset.sha256,
      files: Dictionary(uniqueKeysWithValues: hashes.map { ($0.key.rawValue, $0.value) }))
  }
}
