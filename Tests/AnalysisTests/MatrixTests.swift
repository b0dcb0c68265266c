import Analysis
import Testing

@Suite struct MatrixTests {
  @Test func rowsLieOneAfterAnother() {
    var matrix = Matrix(rows: 2, columns: 3, values: [1, 2, 3, 4, 5, 6] as [Float])
    matrix[1, 0] = 7
    #expect(Array(matrix[row: 1]) == [7, 5, 6])
    #expect(matrix.selecting(rows: [1, 0, 1]).values == [7, 5, 6, 1, 2, 3, 7, 5, 6])
    #expect(Matrix(rows: 2, columns: 1).values == [0, 0])
  }
}
