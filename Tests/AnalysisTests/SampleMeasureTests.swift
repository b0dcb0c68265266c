import Analysis
import Testing

/// Measures that compare two sets of points. Expected values by numpy 2.3 and scipy 1.16 on the same points.
@Suite("Measures of samples")
struct SampleMeasureTests {
  /// Eighths by a formula that Python can repeat, some of them equal.
  private static func points(_ rows: Int, _ columns: Int, _ factor: Int) -> Matrix {
    var points = Matrix(rows: rows, columns: columns)
    for i in 0..<rows {
      for j in 0..<columns {
        let whole: Int = i * i * factor + 7 * i * j + 3 * j * j * j * factor
        points[i, j] = Double(whole % 41 - 20) / 8
      }
    }
    return points
  }

  /// `((m - n)**2).sum() + trace(C + D - 2 * scipy.linalg.sqrtm(C @ D))` of `numpy.cov`.
  @Test("Fréchet distance is scipy's")
  func frechet() {
    let (a, b) = (GaussianMoments(Self.points(60, 5, 2)), GaussianMoments(Self.points(50, 5, 3)))
    #expect(isClose(a.frechetDistance(to: b), 1.5663560510521028))
    #expect(isClose(b.frechetDistance(to: a), 1.5663560510521028))
    #expect(abs(a.frechetDistance(to: a)) < 1e-12)
  }

  @Test("Moments without a full rank have a distance")
  func singular() {
    let few = GaussianMoments(Self.points(3, 5, 2))
    let distance = few.frechetDistance(to: GaussianMoments(Self.points(60, 5, 3)))
    #expect(distance > 0 && distance < 100)
    let one = GaussianMoments(Matrix(rows: 1, columns: 2, values: [3, 4.0]))
    #expect(one.frechetDistance(to: GaussianMoments(Matrix(rows: 1, columns: 2))) == 25)
  }

  @Test("Precision and recall are those of every distance computed in numpy", arguments: [1, 2, 3])
  func precisionRecall(_ threads: Int) {
    let (real, made) = (Self.points(60, 5, 2), Self.points(50, 5, 3))
    let measured = PrecisionRecall(
      real: PointBalls(real, threads: threads), made: PointBalls(made, threads: threads), threads: threads)
    #expect(measured.precision == 0.88 && measured.recall == 0.85)
  }

  @Test("Far points cover nothing, the same points everything, half of them half")
  func extremes() {
    let points = Self.points(70, 5, 2)
    var far = points
    for index in far.values.indices { far.values[index] += 100 }
    func compared(with made: Matrix) -> PrecisionRecall {
      PrecisionRecall(real: PointBalls(points, threads: 2), made: PointBalls(made, threads: 2), threads: 2)
    }
    let apart = compared(with: far)
    #expect(apart.precision == 0 && apart.recall == 0)
    let same = compared(with: points)
    #expect(same.precision == 1 && same.recall == 1)
    let both = Matrix(rows: 140, columns: 5, values: points.values + far.values)
    let half = compared(with: both)
    #expect(half.precision == 0.5 && half.recall == 1)
  }

  @Test("The k-th nearest other point")
  func neighbours() {
    let line = Matrix(rows: 10, columns: 1, values: [0, 1, 3, 6, 10, 15, 21, 28, 36, 36.0])
    let expected: [Double] = [9, 4, 9, 16, 25, 36, 49, 64, 64, 64]
    #expect(DistanceField(line).neighbourDistances(2, threads: 2) == expected)
  }

  /// numpy: `linalg.slogdet`
  @Test("Cholesky factors, and refuses what is not positive definite")
  func cholesky() throws {
    let matrix = Matrix(rows: 3, columns: 3, values: [4, 1, 0.5, 1, 3, -1, 0.5, -1, 2])
    let factor = try #require(Cholesky(matrix))
    #expect(isClose(factor.logDeterminant, 2.7880929087757464))
    let product = factor.lower.times(factor.lower.transposed)
    let unit = factor.lower.times(factor.inverseLower)
    for index in 0..<9 {
      #expect(abs(product.values[index] - matrix.values[index]) < 1e-14)
      #expect(abs(unit.values[index] - (index % 4 == 0 ? 1 : 0)) < 1e-14)
    }
    let singular = Matrix(rows: 2, columns: 2, values: [1, 1, 1, 1.0])
    #expect(Cholesky(singular) == nil)
    #expect(Cholesky(raising: singular).lower[1, 1] > 0)
    #expect(Cholesky(raising: matrix) == factor)
  }
}
