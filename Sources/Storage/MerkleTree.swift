/// A Merkle tree over a list of hashes, in the shape of RFC 6962, section 2.1: the left part of n hashes is the largest power of
/// two below n, so a tree that grows keeps its subtrees.
///
/// A node is SHA-256 of the byte 1 and the hashes of its two parts; leaves must begin with another byte, so that no
/// leaf can pass for a node. The root of an empty tree is SHA-256 of nothing.
package struct MerkleTree: Sendable, Equatable {
  /// The leaves' hashes, 32 bytes each.
  package let leaves: [[UInt8]]

  /// A tree over these hashes.
  package init(_ leaves: [[UInt8]]) { self.leaves = leaves }

  /// The hash of everything.
  package var root: [UInt8] { hash(leaves.indices) }

  /// The root of the tree over `range` alone; for the parts of ``split(_:)`` a node of the whole tree.
  package func hash(_ range: Range<Int>) -> [UInt8] {
    if range.isEmpty { return Fingerprint().bytes }
    if range.count == 1 { return leaves[range.lowerBound] }
    let (left, right) = Self.split(range)
    return Self.node(hash(left), hash(right))
  }

  /// The two parts of two or more leaves.
  package static func split(_ range: Range<Int>) -> (left: Range<Int>, right: Range<Int>) {
    let half = 1 << (Int.bitWidth - (range.count - 1).leadingZeroBitCount - 1)
    let middle = range.lowerBound + half
    return (range.lowerBound..<middle, middle..<range.upperBound)
  }

  /// The index of the first leaf in `range` that differs from another tree's; nil if none does.
  ///
  /// - Parameter theirs: a hash of the other tree, called once for the root and once per level: ⌈log₂ n⌉ + 1 times at most.
  package func firstDifference(in range: Range<Int>, from theirs: (Range<Int>) -> [UInt8]) -> Int? {
    guard hash(range) != theirs(range) else { return nil }
    var range = range
    while range.count > 1 {
      let (left, right) = Self.split(range)
      // Some leaf differs: if none on the left does, it is on the right.
      range = hash(left) == theirs(left) ? right : left
    }
    return range.lowerBound
  }

  static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    Fingerprint.bytes(of: [1] + left + right)
  }
}

/// The root of a ``MerkleTree`` that grows leaf by leaf; holds one hash per 1 bit of the number of leaves.
package struct MerklePeaks: Sendable {
  /// Number of leaves.
  package private(set) var count = 0
  /// Roots of the full trees that the leaves make, largest first.
  private var peaks: [[UInt8]] = []

  /// No leaves.
  package init() {}

  /// Appends a leaf's hash.
  package mutating func append(_ leaf: [UInt8]) {
    peaks.append(leaf)
    count += 1
    // Two trees of one size become one.
    for _ in 0..<count.trailingZeroBitCount {
      let right = peaks.removeLast()
      peaks.append(MerkleTree.node(peaks.removeLast(), right))
    }
  }

  /// The root of the tree over all leaves.
  package var root: [UInt8] {
    guard var root = peaks.last else { return Fingerprint().bytes }
    for peak in peaks.dropLast().reversed() { root = MerkleTree.node(peak, root) }
    return root
  }
}
