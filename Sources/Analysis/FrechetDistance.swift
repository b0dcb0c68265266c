/// Mean and covariance of points.
package struct GaussianMoments: Sendable, Equatable {
  /// The mean, [d].
  package let mean: [Double]
  /// The covariance, [d, d]: the sum over n points divided by n − 1 (by 1 if there is only one).
  package let covariance: Matrix

  /// Of `points`, [n, d], at least one.
  ///
  /// Determinism: sums run over ascending rows, the mean first.
  package init(_ points: Matrix) {
    precondition(points.rows > 0, "moments of no points")
    let dimension = points.columns
    var mean = [Double](repeating: 0, count: dimension)
    for row in 0..<points.rows { for column in 0..<dimension { mean[column] += points[row, column] } }
    for column in 0..<dimension { mean[column] /= Double(points.rows) }
    var covariance = Matrix(rows: dimension, columns: dimension)
    var difference = mean
    points.values.withUnsafeBufferPointer { values in
      covariance.values.withUnsafeMutableBufferPointer { sums in
        for row in 0..<points.rows {
          for column in 0..<dimension { difference[column] = values[row * dimension + column] - mean[column] }
          for first in 0..<dimension {
            for second in 0...first {
              sums[first * dimension + second] += difference[first] * difference[second]
            }
          }
        }
      }
    }
    for first in 0..<dimension {
      for second in 0...first {
        let value = covariance[first, second] / Double(max(points.rows - 1, 1))
        covariance[first, second] = value
        covariance[second, first] = value
      }
    }
    self.mean = mean
    self.covariance = covariance
  }

  /// The mean over coordinates of the variance.
  package var meanVariance: Double {
    (0..<mean.count).reduce(0.0) { $0 + covariance[$1, $1] } / Double(max(mean.count, 1))
  }

  /// The squared Fréchet distance between two normal distributions of these moments:
  /// |μ₁ − μ₂|² + tr(C₁ + C₂ − 2·(C₁^½·C₂·C₁^½)^½).
  ///
  /// Both roots are computed from eigenvalues; those below 0 (rounding) count as 0. Source: Heusel et al., "GANs
  /// trained by a two time-scale update rule" (NIPS 2017), where the points are Inception features and the distance is
  /// called FID.
  package func frechetDistance(to other: GaussianMoments) -> Double {
    precondition(
      mean.count == other.mean.count, "moments of \(mean.count) and \(other.mean.count) coordinates")
    var distance = zip(mean, other.mean).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    for index in mean.indices {
      distance += covariance[index, index] + other.covariance[index, index]
    }
    let root = covariance.symmetricRoot
    let product = root.times(other.covariance).times(root)
    for value in product.symmetricPart.jacobi().values where value > 0 { distance -= 2 * value.squareRoot() }
    return distance
  }
}
