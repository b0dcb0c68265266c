import Analysis
import Foundation
import Numerics
import Storage
import Testing

@Suite struct TSNETests {
  /// Five clouds in six dimensions, ten apart, one after another.
  private func clouds(_ count: Int) -> Matrix {
    var points = normalPoints(count, 6, seed: 21)
    for row in 0..<count { points[row, row % 5] += 10 }
    return points
  }

  private func settings(threads: Int = 1) -> TSNE {
    var tsne = TSNE()
    tsne.perplexity = 15
    tsne.threads = threads
    tsne.earlyIterations = 60
    tsne.iterations = 120
    return tsne
  }

  @Test func everyPointHasThePerplexityAskedFor() {
    let points = normalPoints(300, 4, seed: 20)
    let neighbours = NearestNeighbours(points, count: 60)
    for scale in [1e-12, 1, 1e15] {
      for point in 0..<300 {
        let distances = neighbours.distances[point * 60..<(point + 1) * 60].map { $0 * scale }
        var row = [DoubleLanes](repeating: .zero, count: 15)
        Affinities.conditional(distances[...], 20, &row)
        let weights = (0..<60).map { row[$0 / 4][$0 % 4] }
        let entropy = weights.reduce(0) { $1 > 0 ? $0 - $1 * Elementary.log($1) : $0 }
        #expect(abs(Elementary.exp(entropy) - 20) < 1e-7 && abs(weights.reduce(0, +) - 1) < 1e-12)
        #expect(weights == weights.sorted(by: >))
      }
    }
  }

  @Test func affinitiesAreSymmetricAndSumToOne() {
    let affinities = Affinities(
      NearestNeighbours(normalPoints(200, 3, seed: 22), count: 30), perplexity: 10, threads: 2)
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: 200), count: 200)
    var sum = 0.0
    for row in 0..<200 {
      for vector in affinities.starts[row]..<affinities.starts[row + 1] {
        for lane in 0..<4 {
          matrix[row][Int(affinities.indices[vector][lane])] += affinities.weights[vector][lane]
          sum += affinities.weights[vector][lane]
        }
      }
    }
    #expect(abs(sum - 1) < 1e-13)
    for i in 0..<200 { for j in 0..<200 { #expect(matrix[i][j] == matrix[j][i]) } }
    let entropy = matrix.joined().reduce(0) { $1 > 0 ? $0 + $1 * Elementary.log($1) : $0 }
    #expect(abs(entropy - affinities.negativeEntropy) < 1e-12)
  }

  @Test func cloudsStayApart() throws {
    let points = clouds(500)
    let embedding = try settings().embed(points)
    let quality = try EmbeddingQuality(of: embedding.points, for: points)
    let neighbours = NearestNeighbours(embedding.points, count: 10)
    let own = (0..<500).reduce(0) { sum, i in sum + neighbours[i].count { Int($0) % 5 == i % 5 } }
    #expect(own > 4_950 && quality.trustworthiness > 0.95)
    #expect(embedding.points.mean.allSatisfy { abs($0) < 1e-10 })
  }

  @Test func threadsChangeNoBit() throws {
    let points = clouds(400)
    let one = try settings().embed(points)
    // The expected bits on every processor.
    let bits = (one.points.values + [one.divergence]).withUnsafeBytes { Fingerprint.hex(of: Data($0)) }
    #expect(bits == "de32ad4b93e02afa7a56a46e2968382f1cb86cdd74b14473c2ee0c6c777ed7ab")
    for threads in 2...3 {
      let other = try settings(threads: threads).embed(points)
      #expect(other.points == one.points && other.divergence == one.divergence)
    }
  }

  @Test func theDivergenceIsThatOfAllPairs() throws {
    let points = clouds(300)
    let embedding = try settings().embed(points)
    var total = 0.0
    for i in 0..<300 {
      for j in 0..<300 where i != j { total += 1 / (1 + distance(embedding.points, i, j)) }
    }
    let affinities = Affinities(NearestNeighbours(points, count: 45), perplexity: 15, threads: 1)
    var divergence = 0.0
    for i in 0..<300 {
      for vector in affinities.starts[i]..<affinities.starts[i + 1] {
        for lane in 0..<4 where affinities.weights[vector][lane] > 0 {
          let p = affinities.weights[vector][lane]
          let q = 1 / (1 + distance(embedding.points, i, Int(affinities.indices[vector][lane]))) / total
          divergence += p * Elementary.log(p / q)
        }
      }
    }
    #expect(abs(divergence - embedding.divergence) < 1e-3)
  }

  private func distance(_ points: Matrix, _ i: Int, _ j: Int) -> Double {
    let (x, y) = (points[i, 0] - points[j, 0], points[i, 1] - points[j, 1])
    return x * x + y * y
  }

  @Test func equalPointsAndOneCoordinateAreNoTrouble() throws {
    let same = try settings().embed(Matrix(rows: 60, columns: 2))
    #expect(same.points.values.allSatisfy { $0.isFinite })
    let line = Matrix(rows: 200, columns: 1, values: (0..<200).map { Double($0) })
    let embedding = try settings().embed(line)
    let quality = try EmbeddingQuality(of: embedding.points, for: line)
    #expect(quality.trustworthiness > 0.95)
  }

  @Test func progressIsToldAndMayEndTheWork() throws {
    struct Stop: Error {}
    var steps: [Int] = []
    #expect(throws: Stop.self) {
      try settings().embed(clouds(60)) { done, total in
        #expect(total == 180)
        steps.append(done)
        if done == 3 { throw Stop() }
      }
    }
    #expect(steps == [1, 2, 3])
  }

  @Test func aPerplexityTooLargeIsNamed() {
    #expect(
      throws: AnalysisError(
        "perplexity is 15.0: expected a number from 1 to 13.0, a third of the other points")
    ) {
      try settings().embed(clouds(40))
    }
    #expect(throws: AnalysisError("t-SNE needs at least 4 points, and there are 3")) {
      try settings().embed(clouds(3))
    }
  }
}
