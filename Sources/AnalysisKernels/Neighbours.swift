import Numerics

// Sums over the neighbours of each point: a row of weights and indices, padded by weights of 0 to whole vectors.

/// The rows of a sparse matrix of weights.
public struct NeighbourRows {
  /// Where each row begins, in vectors of four; one more for the end.
  public let starts: UnsafePointer<Int>
  /// Indices of the points, four per vector.
  public let indices: UnsafePointer<SIMD4<Int32>>
  /// The weights.
  public let weights: UnsafePointer<DoubleLanes>

  public init(
    starts: UnsafePointer<Int>, indices: UnsafePointer<SIMD4<Int32>>, weights: UnsafePointer<DoubleLanes>
  ) {
    self.starts = starts
    self.indices = indices
    self.weights = weights
  }
}

/// For the points `from ..< to`: Σ p·(y − yⱼ) / (1 + |y − yⱼ|²) over the row of each.
public func attraction(
  _ rows: NeighbourRows, points: UnsafePointer<SIMD2<Double>>, from: Int, to: Int,
  forces: UnsafeMutablePointer<SIMD2<Double>>
) {
  for index in from..<to {
    let point = points[index]
    var (x, y) = (DoubleLanes(), DoubleLanes())
    for vector in rows.starts[index]..<rows.starts[index + 1] {
      let others = Others(rows.indices[vector], points)
      let (dx, dy) = (point.x - others.x, point.y - others.y)
      let weight = rows.weights[vector] / (1 + (dx * dx + dy * dy))
      x += weight * dx
      y += weight * dy
    }
    forces[index] = SIMD2(joined(x), joined(y))
  }
}

/// For the points `from ..< to`: Σ p·ln(1 + |y − yⱼ|²) over all their rows.
public func attractionEnergy(
  _ rows: NeighbourRows, points: UnsafePointer<SIMD2<Double>>, from: Int, to: Int
) -> Double {
  var total = 0.0
  for index in from..<to {
    let point = points[index]
    var sum = DoubleLanes()
    for vector in rows.starts[index]..<rows.starts[index + 1] {
      let others = Others(rows.indices[vector], points)
      let (dx, dy) = (point.x - others.x, point.y - others.y)
      sum += rows.weights[vector] * Elementary.log(1 + (dx * dx + dy * dy))
    }
    total += joined(sum)
  }
  return total
}

/// Four points, coordinates apart.
private struct Others {
  let x: DoubleLanes
  let y: DoubleLanes

  @inline(__always)
  init(_ indices: SIMD4<Int32>, _ points: UnsafePointer<SIMD2<Double>>) {
    let (a, b) = (points[Int(indices[0])], points[Int(indices[1])])
    let (c, d) = (points[Int(indices[2])], points[Int(indices[3])])
    x = DoubleLanes(a.x, b.x, c.x, d.x)
    y = DoubleLanes(a.y, b.y, c.y, d.y)
  }
}

/// Squared distances of one point to `blocks` blocks of four points, [block][coordinate][4]; coordinates ascend.
public func squaredDistances(
  _ point: UnsafePointer<Double>, _ others: UnsafePointer<DoubleLanes>, blocks: Int, dimension: Int,
  _ result: UnsafeMutablePointer<DoubleLanes>
) {
  var block = 0
  // Four chains at once, since the additions of one depend on each other.
  while block + 4 <= blocks {
    let first = others + block * dimension
    var (a, b, c, d) = (DoubleLanes(), DoubleLanes(), DoubleLanes(), DoubleLanes())
    for i in 0..<dimension {
      let x = point[i]
      let (da, db) = (x - first[i], x - first[i + dimension])
      let (dc, dd) = (x - first[i + 2 * dimension], x - first[i + 3 * dimension])
      a += da * da
      b += db * db
      c += dc * dc
      d += dd * dd
    }
    result[block] = a
    result[block + 1] = b
    result[block + 2] = c
    result[block + 3] = d
    block += 4
  }
  while block < blocks {
    let first = others + block * dimension
    var sum = DoubleLanes()
    for i in 0..<dimension {
      let difference = point[i] - first[i]
      sum += difference * difference
    }
    result[block] = sum
    block += 1
  }
}

/// Sums of weights w = e^(−β·d) over `blocks` blocks of squared distances: Σ w and Σ w·d. Padding has finite distances
/// so large that its weight is 0.
public func gaussianSums(
  _ distances: UnsafePointer<DoubleLanes>, blocks: Int, beta: Double
) -> (weights: Double, distances: Double) {
  var (sum, product) = (DoubleLanes(), DoubleLanes())
  for block in 0..<blocks {
    let distance = distances[block]
    let weight = Elementary.exp(distance * -beta)
    sum += weight
    product += weight * distance
  }
  return (joined(sum), joined(product))
}

/// e^(−β·d), in place.
public func gaussianWeights(_ distances: UnsafeMutablePointer<DoubleLanes>, blocks: Int, beta: Double) {
  for block in 0..<blocks { distances[block] = Elementary.exp(distances[block] * -beta) }
}

/// The squared distance of a point to a box (its lower corner, then its upper corner); 0 inside.
public func boxDistance(_ point: UnsafePointer<Double>, _ box: UnsafePointer<Double>, dimension: Int)
  -> Double
{
  var sum = 0.0
  for i in 0..<dimension {
    let (below, above) = (box[i] - point[i], point[i] - box[dimension + i])
    let outside = below > 0 ? below : above > 0 ? above : 0
    sum += outside * outside
  }
  return sum
}

/// Number of the 4 · `blocks` numbers that are below `limit`.
public func countBelow(_ numbers: UnsafePointer<DoubleLanes>, blocks: Int, _ limit: Double) -> Int {
  var counts = SIMD4<UInt64>()
  let limits = DoubleLanes(repeating: limit)
  for block in 0..<blocks { counts &-= unsafeBitCast(numbers[block] .< limits, to: SIMD4<UInt64>.self) }
  return Int(counts[0] &+ counts[1] &+ counts[2] &+ counts[3])
}
