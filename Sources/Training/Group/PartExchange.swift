import Models
import Numerics

/// Joins the parts of a batch that the ranks of a group hold, along the contract's own tree.
///
/// Where the two nodes below another are of different ranks, these exchange them, and each adds them: afterwards all ranks
/// that hold any part below a node hold its sum, with the same bits, and at the root all ranks do. Additions are those of one
/// process, in whatever way parts and ranks match.
package final class PartExchange {
  /// One addition, and the messages before it.
  package struct Step: Sendable {
    package let join: PartTree.Join
    /// Ranks to which this one sends a node that it holds.
    package let sent: [(rank: Int, node: Range<Int>)]
    /// The rank from which the node that is missing here comes; nil if none is.
    package let received: (rank: Int, node: Range<Int>)?
  }

  private let group: any Collective
  private let steps: [Step]
  private let count: Int
  /// A sum for each node that this rank's device leaves; `places` says where a node is now.
  private let sums: [UnsafeMutableBufferPointer<Float>]
  private let missing: UnsafeMutableBufferPointer<Float>
  private let nodes: [Range<Int>]

  /// - Parameter parts: number of parts of a batch.
  package init(_ group: any Collective, parts: Int, model: PreparedModel) {
    self.group = group
    nodes = model.partNodes
    steps = Self.steps(rank: group.rank, of: group.count, parts: parts)
    // One more, which tells of a stop.
    count = model.partSumCount + 1
    sums = nodes.map { [count] _ in .allocate(capacity: count) }
    missing = .allocate(capacity: count)
  }

  deinit { (sums + [missing]).forEach { $0.deallocate() } }

  /// What rank `rank` sends, receives and adds, node by node.
  package static func steps(rank: Int, of ranks: Int, parts: Int) -> [Step] {
    let shares = (0..<ranks).map { PartTree.share(of: $0, of: ranks, parts: parts) }
    func holders(_ node: Range<Int>) -> [Int] { shares.indices.filter { shares[$0].overlaps(node) } }
    return PartTree.joins(of: parts).compactMap { join in
      let (left, right) = (holders(join.left), holders(join.right))
      // A rank's own parts are joined by its device.
      guard Set(left + right).count > 1, (left + right).contains(rank) else { return nil }
      var sent: [(rank: Int, node: Range<Int>)] = []
      var received: (rank: Int, node: Range<Int>)?
      for (takers, givers, node) in [(left, right, join.right), (right, left, join.left)] {
        for (index, taker) in takers.filter({ !givers.contains($0) }).enumerated() {
          let giver = givers[index % givers.count]
          if giver == rank { sent.append((taker, node)) }
          if taker == rank { received = (giver, node) }
        }
      }
      return Step(join: join, sent: sent, received: received)
    }
  }

  /// Takes this rank's sums from `model`, whose gradients are computed, and gives it the sum over all parts.
  ///
  /// - Returns: whether any rank wants to stop after this step.
  /// - Throws: the backend's error, or why messages cannot be exchanged.
  package func join(_ model: PreparedModel, wantsStop: Bool) throws -> Bool {
    try model.readPartSums(into: sums)
    for sum in sums { sum[count - 1] = wantsStop ? 1 : 0 }
    var places = Dictionary(uniqueKeysWithValues: zip(nodes, sums))
    for step in steps {
      try group.exchange(
        step.sent.map { Outgoing(to: $0.rank, UnsafeRawBufferPointer(places[$0.node]!)) },
        step.received.map { [Incoming(from: $0.rank, UnsafeMutableRawBufferPointer(missing))] } ?? [])
      let held = places[step.join.left] ?? places[step.join.right]!
      Self.add(places[step.join.left] ?? missing, places[step.join.right] ?? missing, into: held)
      places[step.join.node] = held
    }
    let whole = steps.isEmpty ? sums[0] : places[steps.last!.join.node]!
    try model.write(partSum: UnsafeBufferPointer(rebasing: UnsafeBufferPointer(whole)[..<(count - 1)]))
    return whole[count - 1] > 0
  }

  private static func add(
    _ left: UnsafeMutableBufferPointer<Float>, _ right: UnsafeMutableBufferPointer<Float>,
    into sum: UnsafeMutableBufferPointer<Float>
  ) {
    let (a, b, c) = (left.baseAddress!, right.baseAddress!, sum.baseAddress!)
    for index in 0..<sum.count { c[index] = a[index] + b[index] }
  }
}
