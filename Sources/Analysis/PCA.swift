/// Principal components: the directions of largest variance of points, exact.
///
/// Formula: eigenvectors of the covariance Σ (x − m)(x − m)ᵀ / (n − 1), by Jacobi rotations. Each component has
/// length 1 and the sign that makes its largest coordinate in magnitude (the first of equals) positive.
/// Determinism: means and covariances are sums over the points in their order.
package struct PCA: Sendable {
  /// The mean of the points.
  package let mean: [Double]
  /// Component c in row c, by descending variance; as many as there are coordinates.
  package let components: Matrix
  /// The variance along each component, at least 0.
  package let variances: [Double]

  /// The fraction of the total variance along each component; zeros if all points are equal.
  package var explained: [Double] {
    let total = variances.reduce(0, +)
    return variances.map { total > 0 ? $0 / total : 0 }
  }

  /// The components of `points`, which must be finite; at least two points and one coordinate.
  ///
  /// Throws: `AnalysisError`.
  package init(_ points: Matrix, threads: Int = 1) throws {
    try points.check(atLeast: 2, for: "PCA")
    let (n, d) = (points.rows, points.columns)
    let mean = points.mean
    var centred = points
    for row in 0..<n {
      for column in 0..<d { centred.values[row * d + column] -= mean[column] }
    }
    let rowsOfCovariance = centred.values.withUnsafeBufferPointer { values in
      nonisolated(unsafe) let values = values
      return concurrentMap(d, threads: threads) { i in
        var sums = [Double](repeating: 0, count: d)
        sums.withUnsafeMutableBufferPointer { sums in
          for row in 0..<n {
            let x = values[row * d + i]
            for j in i..<d { sums[j] += x * values[row * d + j] }
          }
        }
        return sums.map { $0 / Double(n - 1) }
      }
    }
    let (variances, vectors) = Matrix(rows: d, columns: d, values: rowsOfCovariance.flatMap { $0 }).jacobi()
    var components = Matrix(rows: d, columns: d)
    for c in 0..<d {
      let vector = (0..<d).map { vectors[$0, c] }
      var largest = 0
      for i in 1..<max(d, 1) where vector[i].magnitude > vector[largest].magnitude { largest = i }
      let sign: Double = vector[largest] < 0 ? -1 : 1
      for i in 0..<d { components[c, i] = sign * vector[i] }
    }
    self.mean = mean
    self.components = components
    self.variances = variances.map { max($0, 0) }
  }

  /// The points projected onto the first `count` components; columns of zeros if there are fewer.
  package func project(_ points: Matrix, onto count: Int) -> Matrix {
    let d = points.columns
    precondition(d == mean.count, "PCA: points of \(d) coordinates, expected \(mean.count)")
    var result = Matrix(rows: points.rows, columns: count)
    for row in 0..<points.rows {
      for c in 0..<min(count, d) {
        var sum = 0.0
        for i in 0..<d { sum += (points.values[row * d + i] - mean[i]) * components.values[c * d + i] }
        result.values[row * count + c] = sum
      }
    }
    return result
  }
}

extension Matrix {
  /// The mean of each column; sums run over ascending rows. At least one row.
  package var mean: [Double] {
    var sums = [Double](repeating: 0, count: columns)
    for row in 0..<rows {
      for column in 0..<columns { sums[column] += values[row * columns + column] }
    }
    return sums.map { $0 / Double(rows) }
  }

  /// Throws: `AnalysisError` if there are too few points, no coordinates, or a value that is not finite.
  func check(atLeast count: Int, for purpose: String) throws {
    guard rows >= count else {
      throw AnalysisError("\(purpose) needs at least \(count) points, and there are \(rows)")
    }
    guard columns >= 1 else { throw AnalysisError("\(purpose) needs points of at least one coordinate") }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw AnalysisError(
        "\(purpose) needs finite numbers, and coordinate \(index % columns) of point \(index / columns) is \(values[index])"
      )
    }
  }
}
