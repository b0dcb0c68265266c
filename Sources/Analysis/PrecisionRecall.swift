import AnalysisKernels

/// How far generated points resemble real ones, and how far they cover them.
package struct PrecisionRecall: Sendable, Equatable {
  /// The fraction of generated points within the ball of a real one, whose radius is the distance to its k-th nearest
  /// real neighbour.
  package let precision: Double
  /// The fraction of real points within the ball of a generated one, likewise.
  package let recall: Double

  /// Compares points.
  ///
  /// Source: Kynkäänniemi et al., "Improved precision and recall metric for assessing generative models" (NeurIPS 2019).
  ///
  /// Determinism: a squared distance is |a|² + |b|² − 2·a·b, each sum over ascending coordinates; the rest are
  /// comparisons. Nothing depends on `threads`.
  package init(real: PointBalls, made: PointBalls, threads: Int) {
    precision = Double(real.covered(made.points, threads: threads)) / Double(made.points.rows)
    recall = Double(made.covered(real.points, threads: threads)) / Double(real.points.rows)
  }
}

/// Points, each with a ball whose radius is the distance to its k-th nearest neighbour.
package struct PointBalls: Sendable {
  /// The points, [n, d].
  package let points: Matrix
  private let field: DistanceField
  /// Squared radii.
  private let radii: [PointLanes]

  /// The balls of `points`, more than `k` of them.
  package init(_ points: Matrix, neighbours k: Int = 3, threads: Int) {
    precondition(k > 0 && points.rows > k, "the \(k) nearest of \(points.rows) points")
    self.points = points
    field = DistanceField(points)
    var radii = [PointLanes](repeating: PointLanes(repeating: -1), count: (points.rows + 7) / 8)
    for (index, radius) in field.neighbourDistances(k, threads: threads).enumerated() {
      radii[index / 8][index % 8] = radius
    }
    self.radii = radii
  }

  /// Number of `others`, [m, d], that lie in a ball.
  func covered(_ others: Matrix, threads: Int) -> Int {
    precondition(
      others.columns == points.columns, "points of \(points.columns) and of \(others.columns) coordinates")
    return field.inParts(others, threads: threads) { rows in
      var isCovered = [Bool](repeating: false, count: rows.count)
      field.each(others, rows: rows) { row, block, distances in
        if any(distances .<= radii[block]) { isCovered[row - rows.lowerBound] = true }
      }
      return isCovered.count { $0 }
    }.reduce(0, +)
  }
}

/// Points to which distances from many others are computed, eight at a time.
package struct DistanceField: Sendable {
  private let points: Matrix
  private let blocks: PointBlocks
  /// |b|² of every point; lanes after the last are infinite, so that nothing is near them.
  private let squares: [PointLanes]

  /// Rows processed together.
  private static let rows = 4
  /// Blocks whose points stay in the L1 cache while the rows of a part are processed.
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

  /// For every point, the squared distance to its k-th nearest neighbour.
  package func neighbourDistances(_ k: Int, threads: Int) -> [Double] {
    inParts(points, threads: threads) { rows in
      var nearest = [Double](repeating: .infinity, count: rows.count * k)
      nearest.withUnsafeMutableBufferPointer { nearest in
        each(points, rows: rows) { row, block, distances in
          let list = nearest.baseAddress! + (row - rows.lowerBound) * k
          guard any(distances .< list[k - 1]) else { return }
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

  /// The results of `body` for each part of the rows of `others`, in order.
  func inParts<Result: Sendable>(
    _ others: Matrix, threads: Int, _ body: @Sendable (_ rows: Range<Int>) -> Result
  ) -> [Result] {
    let parts = stride(from: 0, to: others.rows, by: Self.part).map { $0..<min($0 + Self.part, others.rows) }
    return concurrentMap(parts.count, threads: threads) { body(parts[$0]) }
  }

  /// Calls `body` with the squared distances of every row of `others` to every block of eight points.
  @inline(__always)
  func each(
    _ others: Matrix, rows: Range<Int>, _ body: (_ row: Int, _ block: Int, _ distances: PointLanes) -> Void
  ) {
    let dimension = points.columns
    let lengths = rows.map { row in
      (0..<dimension).reduce(0.0) { $0 + others[row, $1] * others[row, $1] }
    }
    let products = UnsafeMutablePointer<PointLanes>.allocate(capacity: Self.strip * Self.rows)
    defer { products.deallocate() }
    others.values.withUnsafeBufferPointer { others in
      blocks.values.withUnsafeBufferPointer { values in
        for first in stride(from: 0, to: blocks.blocks, by: Self.strip) {
          let count = min(Self.strip, blocks.blocks - first)
          for row in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.rows) {
            /// A row; past the end, the last one again.
            func place(_ index: Int) -> UnsafePointer<Double> {
              others.baseAddress! + min(row + index, rows.upperBound - 1) * dimension
            }
            innerProducts(
              place(0), place(1), place(2), place(3), values.baseAddress! + first * dimension, blocks: count,
              dimension: dimension, products)
            for index in 0..<min(Self.rows, rows.upperBound - row) {
              let length = lengths[row + index - rows.lowerBound]
              for block in 0..<count {
                let product = products[Self.rows * block + index]
                body(row + index, first + block, length + squares[first + block] - 2 * product)
              }
            }
          }
        }
      }
    }
  }
}
