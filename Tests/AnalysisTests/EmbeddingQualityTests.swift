import Analysis
import Testing

@Suite struct EmbeddingQualityTests {
  @Test func aMapOfItselfKeepsEverything() throws {
    let points = normalPoints(200, 2, seed: 30)
    let quality = try EmbeddingQuality(of: points, for: points)
    #expect(quality.trustworthiness == 1 && quality.recall == 1 && quality.neighbours == 10)
    #expect(abs(quality.rankCorrelation - 1) < 1e-12 && quality.kept.allSatisfy { $0 == 1 })
    let mirrored = Matrix(rows: 200, columns: 2, values: points.values.map { -3 * $0 })
    let again = try EmbeddingQuality(of: mirrored, for: points)
    #expect(again.recall == 1)
  }

  /// Every figure computed from its definition, with all ranks in tables.
  @Test func figuresAreThoseOfTheirDefinitions() throws {
    let points = normalPoints(90, 4, seed: 31)
    let places = normalPoints(90, 2, seed: 32)
    let quality = try EmbeddingQuality(of: places, for: points, threads: 2)
    func ranks(_ matrix: Matrix) -> [[Int]] {
      (0..<90).map { i in
        let distances = (0..<90).map { j in
          (0..<matrix.columns).reduce(0.0) {
            $0 + (matrix[i, $1] - matrix[j, $1]) * (matrix[i, $1] - matrix[j, $1])
          }
        }
        var rank = [Int](repeating: 0, count: 90)
        for (place, j) in (0..<90).filter({ $0 != i }).sorted(by: { distances[$0] < distances[$1] })
          .enumerated()
        {
          rank[j] = place + 1
        }
        return rank
      }
    }
    let (high, low) = (ranks(points), ranks(places))
    var (penalty, kept) = (0, 0)
    for i in 0..<90 {
      for j in 0..<90 where i != j && low[i][j] <= 10 {
        penalty += max(0, high[i][j] - 10)
        kept += high[i][j] <= 10 ? 1 : 0
      }
    }
    #expect(abs(quality.trustworthiness - (1 - 2.0 / (90 * 10 * (180 - 31)) * Double(penalty))) < 1e-14)
    #expect(abs(quality.recall - Double(kept) / 900) < 1e-14)
    #expect(abs(quality.rankCorrelation) < 0.1)
  }

  @Test func equalDistancesShareTheirRank() throws {
    // On a line 0, 1, 2, 3, and folded in the middle: distances 1 2 3 1 2 1 against 1 1 0 0 1 1.
    let line = Matrix(rows: 4, columns: 1, values: [0, 1, 2, 3] as [Double])
    let folded = Matrix(rows: 4, columns: 1, values: [0, 1, 1, 0] as [Double])
    // Ranks 2 4.5 6 2 4.5 2 and 4.5 4.5 1.5 1.5 4.5 4.5.
    let quality = try EmbeddingQuality(of: folded, for: line)
    let (ab, aa, bb) = (-3.0, 15.0, 12.0)
    #expect(abs(quality.rankCorrelation - ab / (aa * bb).squareRoot()) < 1e-14)
  }
}
