import Analysis
import Datasets
import Models
import Programs
import Training

/// The latent codes of images, usually a run's training images, that samplers are fitted to.
package struct LatentCodes: Sendable {
  /// Codes of the images, [n, latent]; means of posteriors.
  package let codes: Matrix
  /// The variances of their posteriors, [n, latent]; nil if the model has none.
  package let variances: Matrix?
  /// Codes of other images, for choosing a mixture's size; nil if there are none.
  package let heldBack: Matrix?

  /// Encodes a run's training images, without noise.
  ///
  /// - Throws: as ``init(_:images:fitted:heldBack:backend:)``.
  package init(_ weights: Weights, _ dataset: Dataset, backend: any Backend) throws {
    let data = try TrainingData(dataset, weights.configuration)
    try self.init(
      weights, images: dataset.train, fitted: data.train, heldBack: data.validation, backend: backend)
  }

  /// Encodes images, without noise.
  ///
  /// - Parameters:
  ///   - weights: the model.
  ///   - images: of the shape that the model takes.
  ///   - fitted: indices of those that samplers are fitted to; nil for all.
  ///   - heldBack: indices of those for choosing a mixture's size; if empty, every tenth of the others.
  ///   - backend: the device.
  /// - Throws: `TrainingError` if the images are of another shape or a code is not finite; the backend's error.
  package init(
    _ weights: Weights, images: ImageSet, fitted: [UInt32]? = nil, heldBack: [UInt32] = [],
    backend: any Backend
  ) throws {
    let evaluator = try Evaluator(weights, images: images, backend: backend, mode: .mean, noise: 0)
    let posteriors = try evaluator.posteriors(fitted)
    codes = try Self.matrix(posteriors.means)
    variances = try posteriors.variances.map(Self.matrix)
    self.heldBack = heldBack.isEmpty ? nil : try Self.matrix(evaluator.codes(heldBack))
  }

  private static func matrix(_ rows: [[Float]]) throws -> Matrix {
    let values = rows.flatMap { $0 }
    guard values.allSatisfy(\.isFinite) else {
      throw TrainingError(
        .weights, "a training image's code is not finite: train with a smaller learning-rate")
    }
    return Matrix(rows: rows.count, columns: rows[0].count, values: values)
  }

  /// Codes to fit candidate mixtures to, at most 10,000, and codes to judge them by: those held out, otherwise every
  /// tenth.
  var trial: (fitted: Matrix, judging: Matrix) {
    let most = 10_000
    if let heldBack {
      return (codes.selecting(rows: Array(0..<min(codes.rows, most))), heldBack)
    }
    guard codes.rows > 1 else { return (codes, codes) }
    let rows = 0..<min(codes.rows, most + most / 9)
    let judging = stride(from: 0, to: rows.count, by: 10)
    return (
      codes.selecting(rows: rows.filter { $0 % 10 != 0 }), codes.selecting(rows: Array(judging))
    )
  }
}
