/// How far made points look like real ones, and how far they cover them.
package struct PrecisionRecall: Sendable, Equatable {
  /// The share of made points that lie among the real ones: within the ball of one of them, which reaches to its k-th
  /// nearest real neighbour.
  package let precision: Double
  /// The share of real points that lie among the made ones, in the same way.
  package let recall: Double

  /// Compares points, [n, d] and [m, d], more than k each.
  ///
  /// Source: Kynkäänniemi et al., "Improved precision and recall metric for assessing generative models" (NeurIPS 2019).
  ///
  /// Determinism: a squared distance is |a|² + |b|² − 2·a·b, each sum ascending in the coordinate; the rest are
  /// comparisons. Nothing depends on `threads`.
  package init(real: Matrix, made: Matrix, neighbours k: Int = 3, threads: Int) {
    precondition(real.columns == made.columns, "points of \(real.columns) and of \(made.columns) coordinates")
    precondition(
      k > 0 && real.rows > k && made.rows > k, "the \(k) nearest of \(real.rows) and \(made.rows) points")
    precision = Self.covered(made, by: real, neighbours: k, threads: threads)
    recall = Self.covered(real, by: made, neighbours: k, threads: threads)
  }

  /// The share of `points` that lie within the ball of one of `support`.
  private static func covered(_ points: Matrix, by support: Matrix, neighbours: Int, threads: Int) -> Double {
    let field = DistanceField(support)
    let radii = field.neighbourDistances(neighbours, threads: threads)
    return Double(field.covered(points, radii: radii, threads: threads)) / Double(points.rows)
  }
}

/// Points to which distances from many others are asked for, eight at a time.
package struct DistanceField: Sendable {
  private let points: Matrix
  private let blocks: PointBlocks
  /// |b|² of every point; lanes after the last are infinite, so that nothing is near them.
  private let squares: [PointLanes]

  /// Rows that are taken together, so that a block comes from memory once for all of them.
  private static let rows = 2
  /// Blocks whose points stay in the first cache while the rows of a part pass by.
  private static let strip = 32
  /// Rows of a part.
  private static let part = 64

  /// The points that distances are taken from, [n, d].
  package init(_ points: Matrix) {
    self.points = points
    blocks = PointBlocks(points)
    var squares: [PointLanes] = []
    for block in 0..<blocks.blocks {
      var sum = PointLanes.zero
      for column in 0..<points.columns {
        let value = blocks.values[block * points.columns + column]
        sum += value * value
      }
      for lane in blocks.lanes(block)..<8 { sum[lane] = .infinity }
      squares.append(sum)
    }
    self.squares = squares
  }

  /// For every point the squared distance to its k-th nearest other.
  package func neighbourDistances(_ k: Int, threads: Int) -> [Double] {
    let parts = parts(points.rows)
    return concurrentMap(parts.count, threads: threads) { index in
      let rows = parts[index]
      var nearest = [Double](repeating: .infinity, count: rows.count * k)
      nearest.withUnsafeMutableBufferPointer { nearest in
        each(points, rows: rows) { row, block, distances in
          let list = nearest.baseAddress! + (row - rows.lowerBound) * k
          guard distances.min() < list[k - 1] else { return }
          for lane in 0..<8 where distances[lane] < list[k - 1] && 8 * block + lane != row {
            var place = k - 1
            while place > 0, list[place - 1] > distances[lane] {
              list[place] = list[place - 1]
              place -= 1
            }
            list[place] = distances[lane]
          }
        }
      }
      return stride(from: k - 1, to: nearest.count, by: k).map { nearest[$0] }
    }.flatMap { $0 }
  }

  /// How many of `others` lie within the ball of a point here, whose squared radii are given.
  func covered(_ others: Matrix, radii: [Double], threads: Int) -> Int {
    var reach = [PointLanes](repeating: PointLanes(repeating: -1), count: blocks.blocks)
    for (index, radius) in radii.enumerated() { reach[index / 8][index % 8] = radius }
    let (parts, radii) = (parts(others.rows), reach)
    return concurrentMap(parts.count, threads: threads) { index in
      let rows = parts[index]
      var isCovered = [Bool](repeating: false, count: rows.count)
      each(others, rows: rows) { row, block, distances in
        if any(distances .<= radii[block]) { isCovered[row - rows.lowerBound] = true }
      }
      return isCovered.count { $0 }
    }.reduce(0, +)
  }

  private func parts(_ rows: Int) -> [Range<Int>] {
    stride(from: 0, to: rows, by: Self.part).map { $0..<min($0 + Self.part, rows) }
  }

  /// Gives `body` the squared distances of every row of `others` from every block of eight points.
  @inline(__always)
  private func each(
    _ others: Matrix, rows: Range<Int>, _ body: (_ row: Int, _ block: Int, _ distances: PointLanes) -> Void
  ) {
    let dimension = points.columns
    let lengths = rows.map { row in
      (0..<dimension).reduce(0.0) { $0 + others[row, $1] * others[row, $1] }
    }
    others.values.withUnsafeBufferPointer { others in
      blocks.values.withUnsafeBufferPointer { values in
        for first in stride(from: 0, to: blocks.blocks, by: Self.strip) {
          for row in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.rows) {
            // A last row without a partner is its own.
            let second = min(row + 1, rows.upperBound - 1)
            let (a, b) = (others.baseAddress! + row * dimension, others.baseAddress! + second * dimension)
            for block in first..<min(first + Self.strip, blocks.blocks) {
              let column = values.baseAddress! + block * dimension
              var (sumA, sumB) = (PointLanes.zero, PointLanes.zero)
              for index in 0..<dimension {
                sumA += a[index] * column[index]
                sumB += b[index] * column[index]
              }
              body(row, block, lengths[row - rows.lowerBound] + squares[block] - 2 * sumA)
              if second != row {
                body(second, block, lengths[second - rows.lowerBound] + squares[block] - 2 * sumB)
              }
            }
          }
        }
      }
    }
  }
}
