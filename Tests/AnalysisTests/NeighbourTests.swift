import Analysis
import Testing

/// Normal numbers, `rows` × `columns`.
func normalPoints(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
  var numbers = RandomNumbers(seed: seed, .other)
  return Matrix(rows: rows, columns: columns, values: (0..<rows * columns).map { _ in numbers.normal() })
}

@Suite struct NeighbourTests {
  /// The nearest by brute force: by distance, then by index.
  private func bruteForce(_ points: Matrix, _ count: Int) -> (indices: [Int32], distances: [Double]) {
    var result: (indices: [Int32], distances: [Double]) = ([], [])
    for i in 0..<points.rows {
      let others: [(Double, Int32)] = (0..<points.rows).filter { $0 != i }.map { j in
        var sum = 0.0
        for c in 0..<points.columns { sum += (points[i, c] - points[j, c]) * (points[i, c] - points[j, c]) }
        return (sum, Int32(j))
      }
      for (distance, index) in others.sorted(by: <).prefix(count) {
        result.indices.append(index)
        result.distances.append(distance)
      }
    }
    return result
  }

  @Test(arguments: [(1, 300, 5), (2, 501, 30), (10, 700, 90), (37, 130, 7)])
  func theTreeFindsWhatComparingAllFinds(columns: Int, rows: Int, count: Int) {
    let points = normalPoints(rows, columns, seed: UInt64(rows))
    let expected = bruteForce(points, count)
    for threads in 1...3 {
      let found = NearestNeighbours(points, count: count, threads: threads)
      #expect(found.indices == expected.indices && found.distances == expected.distances)
    }
  }

  /// Whole numbers from 0 to 2 in three coordinates: 27 places for 400 points.
  @Test func equalDistancesAreOrderedByIndex() {
    var numbers = RandomNumbers(seed: 4, .other)
    let values = (0..<1_200).map { _ in Double(numbers.index(below: 3)) }
    let points = Matrix(rows: 400, columns: 3, values: values)
    let found = NearestNeighbours(points, count: 25)
    #expect(found.indices == bruteForce(points, 25).indices)
  }

  @Test func aPointHasNoMoreNeighboursThanOthersThereAre() {
    let points = normalPoints(4, 2, seed: 1)
    #expect(NearestNeighbours(points, count: 9).indices == bruteForce(points, 3).indices)
    #expect(NearestNeighbours(normalPoints(1, 2, seed: 1), count: 3).indices.isEmpty)
  }

  /// Brute force would take 8 × 8 times the work for 8 times the points.
  @Test func workGrowsHardlyFasterThanThePoints() {
    let few = NearestNeighbours(normalPoints(2_000, 3, seed: 2), count: 10)
    let many = NearestNeighbours(normalPoints(16_000, 3, seed: 2), count: 10)
    #expect(Double(many.work) / Double(few.work) < 8 * 1.5, "\(few.work) and \(many.work)")
  }
}
