import Numerics

/// The factor L of a symmetric positive definite matrix A = L·Lᵀ, with zeros above its diagonal.
///
/// Determinism: sums run in ascending order of the column.
package struct Cholesky: Sendable, Equatable {
  /// L, [n, n].
  package let lower: Matrix

  /// Factors `symmetric`, [n, n], of which only the lower half is read; nil if it is not positive definite.
  package init?(_ symmetric: Matrix) {
    precondition(
      symmetric.rows == symmetric.columns, "Cholesky: a matrix of \(symmetric.rows) × \(symmetric.columns)")
    let size = symmetric.rows
    var lower = Matrix(rows: size, columns: size)
    for row in 0..<size {
      for column in 0...row {
        var rest = symmetric[row, column]
        for index in 0..<column { rest -= lower[row, index] * lower[column, index] }
        if column < row {
          lower[row, column] = rest / lower[column, column]
        } else {
          // False for NaN too.
          guard rest > 0, rest < .infinity else { return nil }
          lower[row, row] = rest.squareRoot()
        }
      }
    }
    self.lower = lower
  }

  /// Factors `symmetric`, adding to its diagonal until it is positive definite: nothing if it already is, otherwise
  /// 10⁻¹² times the mean of the diagonal, ten times that, and so on.
  package init(raising symmetric: Matrix) {
    var factor = Cholesky(symmetric)
    let size = symmetric.rows
    let mean = (0..<size).reduce(0.0) { $0 + symmetric[$1, $1].magnitude } / Double(max(size, 1))
    var addition = 1e-12 * (mean > 0 ? mean : 1)
    while factor == nil {
      precondition(addition.isFinite, "Cholesky: a matrix that is not finite")
      var raised = symmetric
      for index in 0..<size { raised[index, index] += addition }
      factor = Cholesky(raised)
      addition *= 10
    }
    self = factor!
  }

  /// ln det A.
  package var logDeterminant: Double {
    2 * (0..<lower.rows).reduce(0.0) { $0 + Elementary.log(lower[$1, $1]) }
  }

  /// L⁻¹, lower triangular as well.
  package var inverseLower: Matrix {
    let size = lower.rows
    var inverse = Matrix(rows: size, columns: size)
    for column in 0..<size {
      inverse[column, column] = 1 / lower[column, column]
      for row in column + 1..<max(size, column + 1) {
        var sum = 0.0
        for index in column..<row { sum -= lower[row, index] * inverse[index, column] }
        inverse[row, column] = sum / lower[row, row]
      }
    }
    return inverse
  }
}
