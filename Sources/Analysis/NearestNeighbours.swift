import AnalysisKernels
import Numerics

/// The nearest neighbours of every point among the others, exact.
///
/// Squared Euclidean distances are sums over the coordinates in order; equal distances are ordered by index. So the
/// result is that of comparing all with all, and nothing depends on the tree or on `threads`.
package struct NearestNeighbours: Sendable {
  /// Neighbours per point: at most all others.
  package let count: Int
  /// Point by point, nearest first.
  package let indices: [Int32]
  /// Squared distances, in the order of `indices`.
  package let distances: [Double]
  /// Number of distances computed.
  package let work: Int

  /// The `count` nearest of each of `points`, which are finite.
  package init(_ points: Matrix, count: Int, threads: Int = 1) {
    self.init(PointTree(points), points, count: count, threads: threads)
  }

  init(_ tree: PointTree, _ points: Matrix, count: Int, threads: Int) {
    let n = points.rows
    let k = max(0, min(count, n - 1))
    var indices = [Int32](repeating: 0, count: n * k)
    var distances = [Double](repeating: 0, count: n * k)
    // Places of the tree per item.
    let chunk = 64
    let work: [Int] =
      k == 0
      ? []
      : indices.withUnsafeMutableBufferPointer { indices in
        distances.withUnsafeMutableBufferPointer { distances in
          nonisolated(unsafe) let indices = indices.baseAddress!
          nonisolated(unsafe) let distances = distances.baseAddress!
          return concurrentMap((n + chunk - 1) / chunk, threads: threads) { item in
            var search = NeighbourSearch(tree, points, k)
            for place in item * chunk..<min(n, (item + 1) * chunk) {
              let point = Int(tree.order[place])
              search.find(point, indices + point * k, distances + point * k)
            }
            return search.work
          }
        }
      }
    self.count = k
    self.indices = indices
    self.distances = distances
    self.work = work.reduce(0, +)
  }

  /// The neighbours of a point, nearest first.
  package subscript(point: Int) -> ArraySlice<Int32> { indices[point * count..<(point + 1) * count] }
}

/// Searches the neighbours of one point after another.
private struct NeighbourSearch {
  let tree: PointTree
  let points: Matrix
  let k: Int
  /// Distances computed so far.
  var work = 0
  /// The k nearest so far, as a heap with the farthest at its root.
  private var heap = NeighbourHeap()
  private var stack: [(node: Int, distance: Double)] = []
  private var leaf: [DoubleLanes]

  init(_ tree: PointTree, _ points: Matrix, _ k: Int) {
    (self.tree, self.points, self.k) = (tree, points, k)
    leaf = [DoubleLanes](repeating: .zero, count: PointTree.leafSize / 4)
  }

  /// Writes the neighbours of a point and their squared distances, nearest first.
  mutating func find(
    _ point: Int, _ indices: UnsafeMutablePointer<Int32>, _ distances: UnsafeMutablePointer<Double>
  ) {
    let d = tree.dimension
    heap.begin(indices, distances, capacity: k)
    points.values.withUnsafeBufferPointer { values in
      tree.boxes.withUnsafeBufferPointer { boxes in
        let query = values.baseAddress! + point * d
        stack.append((0, 0))
        while let (number, distance) = stack.popLast() {
          // At equal distance, one may still come first by index.
          if distance > heap.limit { continue }
          let node = tree.nodes[number]
          if node.left < 0 {
            visit(node, query, point)
            continue
          }
          let left = boxDistance(query, boxes.baseAddress! + 2 * d * node.left, dimension: d)
          let right = boxDistance(query, boxes.baseAddress! + 2 * d * node.right, dimension: d)
          // The nearer one is visited first, so it is pushed last.
          if left <= right {
            stack.append((node.right, right))
            stack.append((node.left, left))
          } else {
            stack.append((node.left, left))
            stack.append((node.right, right))
          }
        }
      }
    }
    heap.sort()
  }

  private mutating func visit(_ node: PointTree.Node, _ query: UnsafePointer<Double>, _ point: Int) {
    let d = tree.dimension
    let first = node.from / 4
    let blocks = (node.to + 3) / 4 - first
    work += node.to - node.from
    leaf.withUnsafeMutableBufferPointer { leaf in
      tree.blocks.withUnsafeBufferPointer {
        squaredDistances(query, $0.baseAddress! + first * d, blocks: blocks, dimension: d, leaf.baseAddress!)
      }
      let distances = UnsafeMutableRawPointer(leaf.baseAddress!).assumingMemoryBound(to: Double.self)
      for place in node.from..<node.to {
        let distance = distances[place - node.from]
        if distance <= heap.limit {
          let other = tree.order[place]
          if other != Int32(point) { heap.insert(distance, other) }
        }
      }
    }
  }
}
