import Analysis
import Testing

@Suite struct PCATests {
  /// Random points with the spread `spreads[i]` along axis i.
  private func points(_ count: Int, spreads: [Double], seed: UInt64 = 5) -> Matrix {
    var numbers = RandomNumbers(seed: seed, .other)
    let values = (0..<count).flatMap { _ in spreads.map { $0 * numbers.normal() } }
    return Matrix(rows: count, columns: spreads.count, values: values)
  }

  @Test func eigenvaluesOfTwoByTwoHaveAClosedForm() {
    let (values, vectors) = Matrix(rows: 2, columns: 2, values: [2, 1, 1, 3] as [Double]).jacobi()
    let root = 5.0.squareRoot()
    #expect(abs(values[0] - (5 + root) / 2) < 1e-15 && abs(values[1] - (5 - root) / 2) < 1e-15)
    #expect(abs(vectors[1, 0] / vectors[0, 0] - (1 + root) / 2) < 1e-14)
  }

  @Test(arguments: [1, 2, 7, 40]) func eigenvectorsAreOrthogonalAndMakeTheMatrixAgain(size: Int) {
    let factor = points(size, spreads: [Double](repeating: 1, count: size))
    var matrix = Matrix(rows: size, columns: size)
    for i in 0..<size {
      for j in 0..<size { matrix[i, j] = (0..<size).reduce(0) { $0 + factor[i, $1] * factor[j, $1] } }
    }
    let (values, vectors) = matrix.jacobi()
    #expect(values == values.sorted(by: >))
    for i in 0..<size {
      for j in 0..<size {
        let again = (0..<size).reduce(0) { $0 + vectors[i, $1] * values[$1] * vectors[j, $1] }
        let product = (0..<size).reduce(0) { $0 + vectors[$1, i] * vectors[$1, j] }
        #expect(abs(again - matrix[i, j]) < 1e-13 * values[0])
        #expect(abs(product - (i == j ? 1 : 0)) < 1e-13)
      }
    }
  }

  /// Points (2t, 3t, 1 − 6t) lie on one line: variance 49 times that of t along (−2, −3, 6) / 7.
  @Test func pointsOnALineHaveOneComponent() throws {
    let t = [-2.0, -1, 0, 1, 5]
    let line = Matrix(rows: 5, columns: 3, values: t.flatMap { [2 * $0, 3 * $0, 1 - 6 * $0] })
    let pca = try PCA(line)
    let mean = 0.6
    let variance = t.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4
    #expect(abs(pca.variances[0] - 49 * variance) < 1e-11 && pca.variances[1] < 1e-13)
    #expect(abs(pca.explained[0] - 1) < 1e-15)
    // The sign makes the largest component positive.
    for (value, expected) in zip(pca.components[row: 0], [-2.0 / 7, -3.0 / 7, 6.0 / 7]) {
      #expect(abs(value - expected) < 1e-15)
    }
    let flat = pca.project(line, onto: 2)
    for row in 0..<5 { #expect(abs(flat[row, 0] + 7 * (t[row] - mean)) < 1e-13 && abs(flat[row, 1]) < 1e-13) }
  }

  @Test func variancesAreThoseOfTheProjectionAndThreadsChangeNothing() throws {
    let points = points(400, spreads: [1, 5, 0.1, 3])
    let pca = try PCA(points)
    let projected = pca.project(points, onto: 4)
    for c in 0..<4 {
      let variance = (0..<400).reduce(0) { $0 + projected[$1, c] * projected[$1, c] } / 399
      #expect(abs(variance / pca.variances[c] - 1) < 1e-12)
    }
    let other = try PCA(points, threads: 3)
    #expect(other.components == pca.components && other.variances == pca.variances)
    #expect(abs(pca.components[0, 1]) > 0.99 && abs(pca.components[1, 3]) > 0.99)
  }

  @Test func oneCoordinateIsItsOwnComponentAndSamePointsHaveNone() throws {
    let one = try PCA(Matrix(rows: 3, columns: 1, values: [1, 2, 6] as [Double]))
    #expect(one.components.values == [1] && one.variances == [7])
    #expect(one.project(Matrix(rows: 1, columns: 1, values: [5] as [Double]), onto: 2).values == [2, 0])
    let same = try PCA(Matrix(rows: 3, columns: 2, values: [4, 4, 4, 4, 4, 4] as [Double]))
    #expect(same.variances == [0, 0] && same.explained == [0, 0])
  }

  @Test func whatCannotBeAnalysedIsNamed() {
    #expect(throws: AnalysisError("PCA needs at least 2 points, and there are 1")) {
      try PCA(Matrix(rows: 1, columns: 2))
    }
    #expect(throws: AnalysisError("PCA needs finite numbers, and coordinate 1 of point 1 is nan")) {
      try PCA(Matrix(rows: 2, columns: 2, values: [0, 0, 0, Double.nan]))
    }
    #expect(throws: AnalysisError("PCA needs points of at least one coordinate")) {
      try PCA(Matrix(rows: 2, columns: 0))
    }
  }
}
