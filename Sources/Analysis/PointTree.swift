import AnalysisKernels
import Numerics

/// Points in a k-d tree, for exact nearest neighbours.
///
/// A node is split at the median of the coordinate with the largest range, ties by index, down to leaves of 32 points;
/// every node has the bounding box of its points. Neighbouring leaves are adjacent in `order`, so points that follow
/// each other there are near each other.
struct PointTree: Sendable {
  /// A part of the points: a leaf, or two parts.
  struct Node: Sendable {
    /// Range of places in `order`; its blocks of four start at `from` / 4.
    let from: Int
    let to: Int
    /// The two halves; −1 in a leaf.
    var left = -1
    var right = -1
  }

  static let leafSize = 32

  /// The point at each place.
  let order: [Int32]
  let dimension: Int
  private(set) var nodes: [Node] = []
  /// Lower corner, then upper corner of each node's box.
  private(set) var boxes: [Double] = []
  /// [block of four places][coordinate][4]; padded with the last place.
  let blocks: [DoubleLanes]

  /// The tree of finite points.
  init(_ points: Matrix) {
    var builder = Builder(points)
    if points.rows > 0 { _ = builder.node(0, points.rows) }
    order = builder.order
    dimension = points.columns
    nodes = builder.nodes
    boxes = builder.boxes
    var blocks = [DoubleLanes](repeating: .zero, count: (points.rows + 3) / 4 * points.columns)
    for place in 0..<(points.rows + 3) / 4 * 4 {
      let point = Int(order[min(place, points.rows - 1)])
      for i in 0..<dimension { blocks[place / 4 * dimension + i][place % 4] = points[point, i] }
    }
    self.blocks = blocks
  }

  /// Builds a tree.
  private struct Builder {
    let points: Matrix
    var order: [Int32]
    var nodes: [Node] = []
    var boxes: [Double] = []

    init(_ points: Matrix) {
      self.points = points
      order = (0..<points.rows).map(Int32.init)
    }

    /// Adds the node of the places from ..< to and all nodes below it; returns its number.
    mutating func node(_ from: Int, _ to: Int) -> Int {
      let number = nodes.count
      nodes.append(Node(from: from, to: to))
      let d = points.columns
      var low = [Double](repeating: .infinity, count: d)
      var high = [Double](repeating: -.infinity, count: d)
      for place in from..<to {
        let first = Int(order[place]) * d
        for i in 0..<d {
          low[i] = min(low[i], points.values[first + i])
          high[i] = max(high[i], points.values[first + i])
        }
      }
      boxes += low + high
      guard to - from > PointTree.leafSize, d > 0 else { return number }
      var widest = 0
      for i in 1..<d where high[i] - low[i] > high[widest] - low[widest] { widest = i }
      // The first half has whole blocks.
      let middle = from + ((to - from) / 2 + 3) / 4 * 4
      let keys = order[from..<to].map { (points.values[Int($0) * d + widest], $0) }
      for (place, key) in zip(from..<to, keys.sorted(by: <)) { order[place] = key.1 }
      let left = node(from, middle)
      let right = node(middle, to)
      nodes[number].left = left
      nodes[number].right = right
      return number
    }
  }
}
