import Analysis
import Datasets
import Numerics
import Programs
import Training

/// Scores of samples in the feature space of a classifier.
package struct SampleScore: Codable, Sendable, Equatable {
  /// Number of samples.
  package let samples: Int
  /// Number of test images compared with.
  package let realImages: Int
  /// Squared Fréchet distance between the normal distributions of features of samples and test images; 0 for the same.
  package let frechetDistance: Double
  /// The fraction of samples that lie among the test images; see `PrecisionRecall`.
  package let precision: Double
  /// The fraction of test images that lie among the samples.
  package let recall: Double
  /// The fraction of samples that the classifier assigns to each class.
  package let classShares: [Double]
  /// Entropy of these fractions over that of equal ones: 1 if all classes are equally frequent, 0 if there is only one.
  package let classBalance: Double
}

/// Compares samples with a data set's test images.
package final class SampleJudge {
  /// Number of samples of a score.
  package static let sampleCount = 10_000
  /// Number of neighbours that determine the radius of a ball.
  package static let neighbours = 3

  /// The classifier whose features are compared.
  package let classifier: FeatureClassifier
  /// The classifier's accuracy on the test images; nil if they have no labels.
  package let accuracy: Double?
  private let backend: any Backend
  private let threads: Int
  private let real: PointBalls

  /// Computes the features of the test images, of the first 10,000 if there are more.
  ///
  /// - Parameters:
  ///   - classifier: the classifier whose features are compared.
  ///   - dataset: its test images are the real ones.
  ///   - backend: the device.
  ///   - threads: number of threads; does not affect the result.
  /// - Throws: `TrainingError` if there are too few test images; the backend's error.
  package init(_ classifier: FeatureClassifier, dataset: Dataset, backend: any Backend, threads: Int) throws {
    guard dataset.test.count > Self.neighbours else {
      throw TrainingError(
        .data, "\(dataset.test.count) test images: samples are judged by at least \(Self.neighbours + 1)")
    }
    self.classifier = classifier
    self.backend = backend
    self.threads = threads
    let evaluator = try Evaluator(classifier.weights, images: dataset.test, backend: backend)
    let count = min(dataset.test.count, Self.sampleCount)
    real = PointBalls(
      Self.matrix(try evaluator.codes((0..<UInt32(count)).map { $0 })), neighbours: Self.neighbours,
      threads: threads)
    accuracy = dataset.test.labels == nil ? nil : try evaluator.evaluate().metrics["accuracy"]
  }

  /// Scores images.
  ///
  /// - Throws: `TrainingError` if they are of another size; the backend's error.
  package func score(_ images: ImageSet) throws -> SampleScore {
    let evaluator = try Evaluator(classifier.weights, images: images, backend: backend)
    let made = PointBalls(Self.matrix(try evaluator.codes()), neighbours: Self.neighbours, threads: threads)
    let shares = Self.shares(try evaluator.outputs())
    let comparison = PrecisionRecall(real: real, made: made, threads: threads)
    return SampleScore(
      samples: made.points.rows, realImages: real.points.rows,
      frechetDistance: GaussianMoments(real.points).frechetDistance(to: GaussianMoments(made.points)),
      precision: comparison.precision, recall: comparison.recall, classShares: shares,
      classBalance: Self.balance(shares))
  }

  private static func matrix(_ rows: [[Float]]) -> Matrix {
    Matrix(rows: rows.count, columns: rows[0].count, values: rows.flatMap { $0 })
  }

  private static func shares(_ logits: [[Float]]) -> [Double] {
    var counts = [Int](repeating: 0, count: logits[0].count)
    for row in logits { counts[row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 }] += 1 }
    return counts.map { Double($0) / Double(logits.count) }
  }

  /// −Σ p·ln p / ln n, in the order of the classes.
  private static func balance(_ shares: [Double]) -> Double {
    let entropy = shares.reduce(0.0) { $1 > 0 ? $0 - $1 * Elementary.log($1) : $0 }
    return entropy / Elementary.log(Double(shares.count))
  }
}
