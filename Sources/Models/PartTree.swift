/// The tree by which the parts of a batch join (NUMERICS.md, section 3): neighbours pair, an odd last one passes up
/// unchanged.
///
/// A node is the range of parts below it. A node that passes up unchanged keeps its range and its value.
package enum PartTree {
  /// Two nodes whose sum is the node above them.
  package struct Join: Hashable, Sendable {
    package let left: Range<Int>
    package let right: Range<Int>

    /// The node above.
    package var node: Range<Int> { left.lowerBound..<right.upperBound }
  }

  /// All joins of the tree over `count` parts; those below a node come before it.
  package static func joins(of count: Int) -> [Join] {
    var joins: [Join] = []
    var size = 1
    while size < count {
      for first in stride(from: 0, to: count - size, by: 2 * size) {
        joins.append(
          Join(left: first..<first + size, right: first + size..<min(first + 2 * size, count)))
      }
      size *= 2
    }
    return joins
  }

  /// The largest nodes of the tree over `count` parts that contain only `parts`, ascending.
  package static func nodes(within parts: Range<Int>, of count: Int) -> [Range<Int>] {
    var nodes: [Range<Int>] = []
    var first = parts.lowerBound
    while first < parts.upperBound {
      var size = 1
      while size < count, first % (2 * size) == 0, min(first + 2 * size, count) <= parts.upperBound {
        size *= 2
      }
      let node = first..<min(first + size, count)
      nodes.append(node)
      first = node.upperBound
    }
    return nodes
  }

  /// The parts of process `rank` of `ranks`: consecutive ones, by rank, as evenly as possible.
  package static func share(of rank: Int, of ranks: Int, parts: Int) -> Range<Int> {
    rank * parts / ranks..<(rank + 1) * parts / ranks
  }
}

extension Configuration {
  /// Images in a part of a batch; a last part may hold fewer.
  package var partSize: Int { (batchSize + shards - 1) / shards }
  /// Parts of a batch: at most `shards`.
  package var partCount: Int { (batchSize + partSize - 1) / partSize }
}
