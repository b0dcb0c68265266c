import AnalysisKernels
import Numerics

/// How well places on a plane preserve the neighbourhoods and distances of points in many dimensions.
///
/// Determinism: uses all points if there are at most 10,000, otherwise 5,000 of them, and 200,000 pairs, drawn with a
/// fixed seed, so that results for one set of points can be compared.
package struct EmbeddingQuality: Sendable {
  /// k below: 10, or a third of the other points if there are fewer than 31.
  package let neighbours: Int
  /// 1 − 2/(n·k·(2n − 3k − 1)) · Σ (rank − k) over those of the k nearest on the plane that are not among the k nearest
  /// points; 1 if there are none. Source: Venna & Kaski, "Neighborhood preservation in nonlinear projection methods"
  /// (ICANN 2001). Points at equal distance have the same rank.
  package let trustworthiness: Double
  /// The mean of `kept`.
  package let recall: Double
  /// Spearman's rank correlation of the distances of pairs.
  package let rankCorrelation: Double
  /// For each point, the fraction of its k nearest points that are among its k nearest on the plane.
  package let kept: [Double]
  /// For each point, whether a map shows it faint: less than a fifth of its nearest points are kept.
  package var isFaint: [Bool] { kept.map { $0 < 0.2 } }

  private static let mostPoints = 10_000
  private static let sampledPoints = 5_000
  private static let sampledPairs = 200_000

  /// Compares `places` with `points`, row by row; at least four rows, finite.
  ///
  /// Throws: `AnalysisError`.
  package init(of places: Matrix, for points: Matrix, threads: Int = 1) throws {
    try points.check(atLeast: 4, for: "a measure of quality")
    try places.check(atLeast: 4, for: "a measure of quality")
    precondition(points.rows == places.rows, "EmbeddingQuality: \(points.rows) and \(places.rows) rows")
    let n = points.rows
    let k = min(10, (n - 1) / 3)
    let tree = PointTree(points)
    let near = NearestNeighbours(tree, points, count: k, threads: threads)
    let placed = NearestNeighbours(places, count: k, threads: threads)
    kept = (0..<n).map { point in
      let own = near[point]
      return Double(placed[point].count { own.contains($0) }) / Double(k)
    }
    neighbours = k
    recall = kept.reduce(0, +) / Double(n)
    var numbers = RandomNumbers(seed: 0, .measure)
    let rows = n <= Self.mostPoints ? Array(0..<n) : numbers.sample(Self.sampledPoints, below: n)
    let excesses = concurrentMap((rows.count + 63) / 64, threads: threads) { chunk -> Int in
      var ranks = Ranks(tree, points)
      var sum = 0
      for row in rows[chunk * 64..<min(rows.count, (chunk + 1) * 64)] {
        let strangers = placed[row].filter { !near[row].contains($0) }
        for rank in ranks.of(strangers, seenFrom: row) { sum += max(0, rank - k) }
      }
      return sum
    }
    let excess = excesses.reduce(0, +)
    let worst = Double(rows.count * k) * Double(2 * n - 3 * k - 1)
    trustworthiness = 1 - 2 * Double(excess) / worst
    var pairs: [(Int, Int)] = []
    if n * (n - 1) / 2 <= Self.sampledPairs {
      for i in 0..<n { pairs += (i + 1..<n).map { (i, $0) } }
    } else {
      for _ in 0..<Self.sampledPairs {
        let i = numbers.index(below: n)
        let j = numbers.index(below: n - 1)
        pairs.append((i, j < i ? j : j + 1))
      }
    }
    rankCorrelation = Self.correlation(
      Self.ranks(pairs.map { points.squaredDistance($0, $1) }),
      Self.ranks(pairs.map { places.squaredDistance($0, $1) }))
  }

  /// Ranks from 1; equal values share their mean rank.
  static func ranks(_ values: [Double]) -> [Double] {
    let sorted = zip(values, values.indices).sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    var ranks = [Double](repeating: 0, count: values.count)
    var first = 0
    while first < sorted.count {
      var end = first + 1
      while end < sorted.count, sorted[end].0 == sorted[first].0 { end += 1 }
      for place in first..<end { ranks[sorted[place].1] = Double(first + 1 + end) / 2 }
      first = end
    }
    return ranks
  }

  /// Pearson's correlation; 0 if one side is constant.
  static func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let meanA = a.reduce(0, +) / Double(a.count)
    let meanB = b.reduce(0, +) / Double(b.count)
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      ab += (x - meanA) * (y - meanB)
      aa += (x - meanA) * (x - meanA)
      bb += (y - meanB) * (y - meanB)
    }
    return aa > 0 && bb > 0 ? ab / (aa.squareRoot() * bb.squareRoot()) : 0
  }

  /// Counts how many points are nearer than given ones.
  private struct Ranks {
    let tree: PointTree
    let points: Matrix
    private var distances: [DoubleLanes]

    init(_ tree: PointTree, _ points: Matrix) {
      (self.tree, self.points) = (tree, points)
      distances = [DoubleLanes](repeating: .zero, count: (points.rows + 3) / 4)
    }

    /// The rank of each of `others`, from 1, among all points but `point` by distance to it.
    mutating func of(_ others: [Int32], seenFrom point: Int) -> [Int] {
      guard !others.isEmpty else { return [] }
      let (d, blocks) = (points.columns, distances.count)
      return distances.withUnsafeMutableBufferPointer { distances in
        points.values.withUnsafeBufferPointer { values in
          tree.blocks.withUnsafeBufferPointer {
            squaredDistances(
              values.baseAddress! + point * d, $0.baseAddress!, blocks: blocks, dimension: d,
              distances.baseAddress!)
          }
        }
        // Lanes after the last point are empty.
        for lane in points.rows..<4 * blocks { distances[lane / 4][lane % 4] = .infinity }
        return others.map { other in
          let distance = points.squaredDistance(point, Int(other))
          // The point itself counts as nearer than all others not in the same place.
          return countBelow(distances.baseAddress!, blocks: blocks, distance) + (distance > 0 ? 0 : 1)
        }
      }
    }
  }
}

extension Matrix {
  /// The squared distance of two rows; the sum runs over ascending columns.
  func squaredDistance(_ a: Int, _ b: Int) -> Double {
    var sum = 0.0
    for i in 0..<columns {
      let difference = values[a * columns + i] - values[b * columns + i]
      sum += difference * difference
    }
    return sum
  }
}
