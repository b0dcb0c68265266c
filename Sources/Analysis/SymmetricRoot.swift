extension Matrix {
  /// The product with another matrix, which has as many rows as this has columns; sums run in ascending order.
  package func times(_ other: Matrix) -> Matrix {
    precondition(columns == other.rows, "Matrix: \(rows) × \(columns) times \(other.rows) × \(other.columns)")
    var product = Matrix(rows: rows, columns: other.columns)
    for row in 0..<rows {
      for index in 0..<columns {
        let value = self[row, index]
        for column in 0..<other.columns { product[row, column] += value * other[index, column] }
      }
    }
    return product
  }

  /// The mean of a square matrix and its transpose.
  package var symmetricPart: Matrix {
    var part = self
    for row in 0..<rows {
      for column in 0..<rows { part[row, column] = 0.5 * (self[row, column] + self[column, row]) }
    }
    return part
  }

  /// The symmetric positive semidefinite matrix whose square this is: V·√Λ·Vᵀ, eigenvalues below 0 counting as 0.
  package var symmetricRoot: Matrix {
    let (values, vectors) = jacobi()
    var scaled = vectors
    for row in 0..<rows {
      for column in 0..<rows { scaled[row, column] *= max(values[column], 0).squareRoot() }
    }
    return scaled.times(vectors.transposed).symmetricPart
  }

  /// The transpose.
  package var transposed: Matrix {
    var result = Matrix(rows: columns, columns: rows)
    for row in 0..<rows { for column in 0..<columns { result[column, row] = self[row, column] } }
    return result
  }
}
