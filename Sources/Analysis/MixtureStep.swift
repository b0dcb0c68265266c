import Numerics

/// A mixture prepared for one step of EM: inverse factors and constants of every density.
struct MixtureStep: Sendable {
  private let count: Int
  private let dimension: Int
  /// [component][coordinate]
  private let means: [Double]
  /// L⁻¹ of every component, its lower half row by row.
  private let inverses: [Double]
  /// ln(weight) − ½·ln((2π)ᵈ·det) of every component.
  private let constants: [Double]

  /// ln 2π
  private static let logTwoPi = 0x1.d67f1c864beb5p+0
  /// Number of parts that the points are divided into for the threads: fixed, so that sums are always the same.
  private static let parts = 32

  init(_ mixture: GaussianMixture) {
    count = mixture.components.count
    dimension = mixture.dimension
    let dimension = dimension
    means = mixture.components.flatMap(\.mean)
    inverses = mixture.components.flatMap { component in
      let inverse = component.factor.inverseLower
      return (0..<dimension).flatMap { row in (0...row).map { inverse[row, $0] } }
    }
    constants = mixture.components.map { component in
      Elementary.log(component.weight)
        - 0.5 * (Double(dimension) * Self.logTwoPi + component.factor.logDeterminant)
    }
  }

  private var triangle: Int { dimension * (dimension + 1) / 2 }

  /// The sums of a step of EM over the points.
  struct Sums {
    /// Σ ln p(x)
    var logLikelihood = 0.0
    /// For every component: Σ r, Σ r·δ [d], Σ r·δ·δᵀ (its lower half row by row), where r is the component's
    /// responsibility for a point and δ the point minus the component's mean.
    var moments: [Double]
  }

  /// The sums over all points.
  ///
  /// Determinism: parts of consecutive blocks; in a part lane by lane in ascending block, then lanes join, then parts
  /// in ascending order.
  func sums(_ points: PointBlocks, threads: Int, wantsMoments: Bool) -> Sums {
    let size = wantsMoments ? count * (1 + dimension + triangle) : 0
    let parts = self.parts(points)
    let partial = concurrentMap(parts.count, threads: threads) { part in
      sums(points, blocks: parts[part], size: size)
    }
    return partial.reduce(into: Sums(moments: [Double](repeating: 0, count: size))) { total, part in
      total.logLikelihood += part.logLikelihood
      for index in part.moments.indices { total.moments[index] += part.moments[index] }
    }
  }

  /// Responsibilities: how much every point belongs to every component, [points, components].
  func responsibilities(_ points: PointBlocks, threads: Int) -> Matrix {
    let parts = self.parts(points)
    let rows = concurrentMap(parts.count, threads: threads) { part in
      var rows: [Double] = []
      each(points, blocks: parts[part]) { block, _, shares, _ in
        for lane in 0..<points.lanes(block) { for index in 0..<count { rows.append(shares[index][lane]) } }
      }
      return rows
    }
    return Matrix(rows: points.count, columns: count, values: rows.flatMap { $0 })
  }

  private func parts(_ points: PointBlocks) -> [Range<Int>] {
    let length = (points.blocks + Self.parts - 1) / Self.parts
    return stride(from: 0, to: points.blocks, by: max(length, 1)).map { $0..<min($0 + length, points.blocks) }
  }

  private func sums(_ points: PointBlocks, blocks: Range<Int>, size: Int) -> Sums {
    var logLikelihood = PointLanes.zero
    var moments = [PointLanes](repeating: .zero, count: size)
    moments.withUnsafeMutableBufferPointer { moments in
      each(points, blocks: blocks) { block, logDensity, shares, distances in
        logLikelihood += logDensity
        guard size > 0 else { return }
        var sum = moments.baseAddress!
        for index in 0..<count {
          let share = shares[index]
          distance(points, block, index, distances)
          sum[0] += share
          sum += 1
          let square = sum + dimension
          var place = 0
          for row in 0..<dimension {
            let weighted = share * distances[row]
            sum[row] += weighted
            for column in 0...row { square[place + column] += weighted * distances[column] }
            place += row + 1
          }
          sum += dimension + triangle
        }
      }
    }
    return Sums(logLikelihood: logLikelihood.joined, moments: moments.map(\.joined))
  }

  /// Calls `body` for every block with ln p(x) of its points, their responsibilities, and scratch for distances. Lanes
  /// without a point hold zeros.
  private func each(
    _ points: PointBlocks, blocks: Range<Int>,
    _ body: (
      _ block: Int, _ logDensity: PointLanes, _ shares: UnsafeMutablePointer<PointLanes>,
      _ distances: UnsafeMutablePointer<PointLanes>
    ) -> Void
  ) {
    let shares = UnsafeMutablePointer<PointLanes>.allocate(capacity: count)
    let distances = UnsafeMutablePointer<PointLanes>.allocate(capacity: max(dimension, 1))
    defer {
      shares.deallocate()
      distances.deallocate()
    }
    for block in blocks {
      for index in 0..<count {
        distance(points, block, index, distances)
        shares[index] = constants[index] - 0.5 * squares(distances, index)
      }
      let mask = PointLanes(lanes: points.lanes(block))
      body(block, Self.normalise(shares, count, mask), shares, distances)
    }
  }

  /// x − μ, coordinate by coordinate.
  @inline(__always)
  private func distance(
    _ points: PointBlocks, _ block: Int, _ index: Int, _ distances: UnsafeMutablePointer<PointLanes>
  ) {
    points.values.withUnsafeBufferPointer { values in
      means.withUnsafeBufferPointer { means in
        for row in 0..<dimension {
          distances[row] = values[block * dimension + row] - means[index * dimension + row]
        }
      }
    }
  }

  /// |L⁻¹·(x − μ)|², rows and columns ascending.
  @inline(__always)
  private func squares(_ distances: UnsafeMutablePointer<PointLanes>, _ index: Int) -> PointLanes {
    inverses.withUnsafeBufferPointer { inverses in
      var sum = PointLanes.zero
      var place = index * triangle
      for row in 0..<dimension {
        var value = PointLanes.zero
        for column in 0...row { value += inverses[place + column] * distances[column] }
        place += row + 1
        sum += value * value
      }
      return sum
    }
  }

  /// Turns logarithms of weighted densities into shares that sum to 1, and returns the logarithm of their sum
  /// (log-sum-exp): relative to the largest, so that nothing overflows, components ascending.
  private static func normalise(
    _ shares: UnsafeMutablePointer<PointLanes>, _ count: Int, _ mask: PointLanes
  ) -> PointLanes {
    var largest = shares[0]
    for index in 1..<max(count, 1) {
      largest.replace(with: shares[index], where: shares[index] .> largest)
    }
    var sum = PointLanes.zero
    for index in 0..<count {
      let difference = shares[index] - largest
      let power = PointLanes(
        lowHalf: Elementary.exp(difference.lowHalf), highHalf: Elementary.exp(difference.highHalf))
      shares[index] = power
      sum += power
    }
    let scale = mask / sum
    for index in 0..<count { shares[index] *= scale }
    let logarithm = PointLanes(lowHalf: Elementary.log(sum.lowHalf), highHalf: Elementary.log(sum.highHalf))
    return mask * (largest + logarithm)
  }
}

extension PointLanes {
  /// 1 in the first `count` lanes, 0 in the others.
  fileprivate init(lanes count: Int) {
    self = .zero
    for lane in 0..<count { self[lane] = 1 }
  }
}
