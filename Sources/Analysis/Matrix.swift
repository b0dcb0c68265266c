/// A row-major matrix: points with their coordinates, most often codes of images.
package struct Matrix: Sendable, Equatable {
  /// Number of rows.
  package let rows: Int
  /// Number of columns.
  package let columns: Int
  /// Row by row: the number at (row, column) is `values[row · columns + column]`.
  package var values: [Double]

  /// Zeros.
  package init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, values: [Double](repeating: 0, count: rows * columns))
  }

  /// The given values, row by row; traps unless there are rows × columns of them.
  package init(rows: Int, columns: Int, values: [Double]) {
    precondition(
      rows >= 0 && columns >= 0 && values.count == rows * columns,
      "Matrix: \(values.count) values for \(rows) × \(columns)")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// The given floats, row by row; widening them is exact.
  package init(rows: Int, columns: Int, values: [Float]) {
    self.init(rows: rows, columns: columns, values: values.map(Double.init))
  }

  /// The number at (row, column).
  package subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  /// One row.
  package subscript(row row: Int) -> ArraySlice<Double> {
    values[row * columns..<(row + 1) * columns]
  }

  /// The given rows, in the given order.
  package func selecting(rows indices: [Int]) -> Matrix {
    Matrix(rows: indices.count, columns: columns, values: indices.flatMap { self[row: $0] })
  }
}
