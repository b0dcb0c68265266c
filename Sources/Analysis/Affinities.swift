import AnalysisKernels
import Numerics

/// Probabilities that points choose each other as neighbours: the matrix P of t-SNE, symmetric, sparse, of sum 1.
///
/// Formula: p(j|i) ∝ e^(−β·|xᵢ − xⱼ|²) over the neighbours of i, β such that the entropy of p(·|i) is ln(perplexity);
/// p_ij = (p(j|i) + p(i|j)) / 2n. Source: van der Maaten & Hinton, "Visualizing data using t-SNE" (JMLR 9, 2008).
/// Determinism: sums over the neighbours in four lanes, nearest first, joined (l0+l2)+(l1+l3); rows by ascending index.
package struct Affinities: Sendable {
  /// Where each row begins, in vectors of four.
  package let starts: [Int]
  /// Neighbours, four per vector; a row is padded with its own point, of weight 0.
  package let indices: [SIMD4<Int32>]
  package let weights: [DoubleLanes]
  /// Σ p·ln p.
  package let negativeEntropy: Double

  /// The matrix over points numbered as in `neighbours`.
  package init(_ neighbours: NearestNeighbours, perplexity: Double, threads: Int) {
    let (k, n) = (neighbours.count, neighbours.indices.count / max(neighbours.count, 1))
    let blocks = (k + 3) / 4
    let conditional = concurrentMap((n + 255) / 256, threads: threads) { chunk in
      var row = [DoubleLanes](repeating: .zero, count: blocks)
      var result: [(index: Int32, weight: Double)] = []
      for point in chunk * 256..<min(n, (chunk + 1) * 256) {
        Self.conditional(neighbours.distances[point * k..<(point + 1) * k], perplexity, &row)
        let weights = (0..<k).map { (index: neighbours.indices[point * k + $0], weight: row[$0 / 4][$0 % 4]) }
        result += weights.sorted { $0.index < $1.index }
      }
      return result
    }.flatMap { $0 }
    let transposed = Self.transposed(conditional, n, k)
    var starts = [0]
    var indices: [SIMD4<Int32>] = []
    var weights: [DoubleLanes] = []
    let scale = 1 / (2 * Double(n))
    for point in 0..<n {
      var row = RowWriter(padding: Int32(point))
      var (own, other) = (point * k, transposed.starts[point])
      let (ownEnd, otherEnd) = (own + k, transposed.starts[point + 1])
      while own < ownEnd || other < otherEnd {
        let i = own < ownEnd ? conditional[own].index : .max
        let j = other < otherEnd ? transposed.entries[other].index : .max
        var sum = 0.0
        if i <= j {
          sum += conditional[own].weight
          own += 1
        }
        if j <= i {
          sum += transposed.entries[other].weight
          other += 1
        }
        row.add(min(i, j), sum * scale, &indices, &weights)
      }
      row.end(&indices, &weights)
      starts.append(weights.count)
    }
    self.starts = starts
    self.indices = indices
    self.weights = weights
    var sum = DoubleLanes()
    for weight in weights {
      // A weight of 0 adds nothing: 0 · ln 1.
      sum += weight * Elementary.log(choose(weight .> 0, weight, DoubleLanes(repeating: 1)))
    }
    negativeEntropy = (sum[0] + sum[2]) + (sum[1] + sum[3])
  }

  /// Gathers a row's entries into vectors.
  private struct RowWriter {
    let padding: Int32
    private var count = 0
    private var index = SIMD4<Int32>()
    private var weight = DoubleLanes()

    init(padding: Int32) { self.padding = padding }

    mutating func add(
      _ j: Int32, _ p: Double, _ indices: inout [SIMD4<Int32>], _ weights: inout [DoubleLanes]
    ) {
      if count == 0 { (index, weight) = (SIMD4(repeating: padding), .zero) }
      index[count] = j
      weight[count] = p
      count += 1
      if count == 4 { end(&indices, &weights) }
    }

    mutating func end(_ indices: inout [SIMD4<Int32>], _ weights: inout [DoubleLanes]) {
      guard count > 0 else { return }
      indices.append(index)
      weights.append(weight)
      count = 0
    }
  }

  /// p(·|i) from squared distances, nearest first, into `row`.
  package static func conditional(
    _ distances: ArraySlice<Double>, _ perplexity: Double, _ row: inout [DoubleLanes]
  ) {
    let nearest = distances.first ?? 0
    for (index, distance) in distances.enumerated() { row[index / 4][index % 4] = distance - nearest }
    // Padding has weight 0 at any β, and is finite, so that 0 times it is 0.
    for index in distances.count..<4 * row.count { row[index / 4][index % 4] = 0x1p1000 }
    let target = Elementary.log(perplexity)
    row.withUnsafeMutableBufferPointer { row in
      let (values, blocks) = (row.baseAddress!, row.count)
      var (low, high, beta) = (0.0, Double.infinity, 1.0)
      var sums = gaussianSums(values, blocks: blocks, beta: beta)
      // Bisection to 10⁻¹⁰ of the entropy takes about 50 steps; 200 are enough for any scale of distances.
      for _ in 0..<200 {
        let entropy = Elementary.log(sums.weights) + beta * sums.distances / sums.weights
        if abs(entropy - target) < 1e-10 { break }
        if entropy > target {
          low = beta
          beta = high == .infinity ? beta * 2 : (beta + high) / 2
        } else {
          high = beta
          beta = (beta + low) / 2
        }
        sums = gaussianSums(values, blocks: blocks, beta: beta)
      }
      gaussianWeights(values, blocks: blocks, beta: beta)
      for block in 0..<blocks { values[block] /= sums.weights }
    }
  }

  /// The transpose of rows of k, as rows of (point, weight): by ascending index in each row.
  private static func transposed(
    _ entries: [(index: Int32, weight: Double)], _ n: Int, _ k: Int
  ) -> (starts: [Int], entries: [(index: Int32, weight: Double)]) {
    var starts = [Int](repeating: 0, count: n + 1)
    for entry in entries { starts[Int(entry.index) + 1] += 1 }
    for row in 0..<n { starts[row + 1] += starts[row] }
    var next = starts
    var result = [(index: Int32, weight: Double)](repeating: (0, 0), count: entries.count)
    for (place, entry) in entries.enumerated() {
      result[next[Int(entry.index)]] = (Int32(place / k), entry.weight)
      next[Int(entry.index)] += 1
    }
    return (starts, result)
  }
}
