extension Matrix {
  /// Eigenvalues, largest first, and eigenvectors of a symmetric matrix, as columns of length 1.
  ///
  /// Formula: cyclic Jacobi rotations (Golub & Van Loan, "Matrix Computations", 8.5), which find small eigenvalues as
  /// exactly as large ones. The sign of a vector is the one that results from the rotations. Only the diagonal and the
  /// values above it are read; all must be finite. Takes about 8 · d³ steps for d rows.
  /// Determinism: pairs (p, q), p < q, row by row; equal eigenvalues in the order of the diagonal.
  package func jacobi() -> (values: [Double], vectors: Matrix) {
    precondition(rows == columns, "Matrix: eigenvalues of \(rows) × \(columns)")
    let n = rows
    var a = values
    var vectors = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      vectors[i * n + i] = 1
      for j in 0..<i { a[i * n + j] = a[j * n + i] }
    }
    // Convergence is quadratic: ten sweeps are more than enough for any size used here.
    var isDiagonal = false
    for _ in 0..<64 where !isDiagonal {
      isDiagonal = true
      for p in 0..<n {
        for q in p + 1..<Swift.max(n, p + 1) where a[p * n + q] != 0 {
          let isNegligible = Self.isNegligible(a[p * n + q], beside: a[p * n + p], a[q * n + q])
          if !isNegligible {
            isDiagonal = false
            Self.rotate(&a, &vectors, n, p, q)
          }
          a[p * n + q] = 0
          a[q * n + p] = 0
        }
      }
    }
    let order = (0..<n).sorted { (a[$1 * n + $1], $0) < (a[$0 * n + $0], $1) }
    var columns = Matrix(rows: n, columns: n)
    for (column, index) in order.enumerated() {
      for row in 0..<n { columns[row, column] = vectors[index * n + row] }
    }
    return (order.map { a[$0 * n + $0] }, columns)
  }

  /// Whether an off-diagonal element is lost in the rounding of the eigenvalues.
  private static func isNegligible(_ value: Double, beside a: Double, _ b: Double) -> Bool {
    value.magnitude <= 0x1p-54 * Swift.min(a.magnitude, b.magnitude)
  }

  /// Rotates rows and columns p and q so that their common element becomes 0; eigenvectors are rows here.
  private static func rotate(_ a: inout [Double], _ vectors: inout [Double], _ n: Int, _ p: Int, _ q: Int) {
    let shared = a[p * n + q]
    let theta = (a[q * n + q] - a[p * n + p]) / (2 * shared)
    // If the square of theta overflows, the tangent is 0, which is correct.
    let tangent = (theta >= 0 ? 1 : -1) / (theta.magnitude + (theta * theta + 1).squareRoot())
    let cosine = 1 / (tangent * tangent + 1).squareRoot()
    let sine = tangent * cosine
    a[p * n + p] -= tangent * shared
    a[q * n + q] += tangent * shared
    for k in 0..<n where k != p && k != q {
      let (x, y) = (a[p * n + k], a[q * n + k])
      a[p * n + k] = cosine * x - sine * y
      a[q * n + k] = sine * x + cosine * y
      a[k * n + p] = a[p * n + k]
      a[k * n + q] = a[q * n + k]
    }
    for k in 0..<n {
      let (x, y) = (vectors[p * n + k], vectors[q * n + k])
      vectors[p * n + k] = cosine * x - sine * y
      vectors[q * n + k] = sine * x + cosine * y
    }
  }
}
