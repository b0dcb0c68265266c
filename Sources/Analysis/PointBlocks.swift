/// Eight points side by side: lane ℓ is a point.
typealias PointLanes = SIMD8<Double>

/// Points in blocks of eight: [block][coordinate][8]. Lanes after the last point are zeros.
struct PointBlocks: Sendable {
  /// Number of points.
  let count: Int
  /// Coordinates of a point.
  let dimension: Int
  /// Block by block, coordinate by coordinate.
  let values: [PointLanes]

  /// The rows of `points` in blocks.
  init(_ points: Matrix) {
    count = points.rows
    dimension = points.columns
    var values = [PointLanes](repeating: .zero, count: (points.rows + 7) / 8 * points.columns)
    for row in 0..<points.rows {
      for column in 0..<points.columns {
        values[row / 8 * points.columns + column][row % 8] = points[row, column]
      }
    }
    self.values = values
  }

  /// Number of blocks.
  var blocks: Int { (count + 7) / 8 }

  /// Lanes of a block that hold a point.
  func lanes(_ block: Int) -> Int { min(8, count - 8 * block) }
}

extension PointLanes {
  /// The sum of the lanes: halves are added, then quarters, then the last two.
  @inline(__always)
  var joined: Double {
    let half = lowHalf + highHalf
    let quarter = half.lowHalf + half.highHalf
    return quarter[0] + quarter[1]
  }
}
