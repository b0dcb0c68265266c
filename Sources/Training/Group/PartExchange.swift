import Models
import Numerics

/// Joins the parts of a batch that the ranks of a group hold, along the contract's own tree.
///
/// If the two children of a node are on different ranks, these exchange them, and each adds them: afterwards all ranks
/// that hold any part below a node hold its sum, with the same bits, and at the root all ranks do. The additions are
/// those of one process, however the parts are distributed over ranks.
package final class PartExchange {
  /// One addition, and the messages before it.
  package struct Step: Sendable {
    package let join: PartTree.Join
    /// Ranks to which this one sends a node that it holds.
    package let sent: [(rank: Int, node: Range<Int>)]
    /// The rank that sends the child missing here; nil if none is missing.
    package let received: (rank: Int, node: Range<Int>)?
  }

  private let group: any Collective
  private let steps: [Step]
  private let nodes: [Range<Int>]
  private let sums: PartSums
  /// This rank's own sums, in pieces, by node.
  private let pieces: [[Piece]]
  /// Receive buffers: each piece is added while it is still in the processor's cache.
  private let arriving: [Piece]

  private typealias Piece = UnsafeMutableBufferPointer<Float>
  /// Maximum number of floats in a piece.
  private static let pieceCount = 1 << 15

  /// - Parameter parts: number of parts of a batch.
  package init(_ group: any Collective, parts: Int, model: PreparedModel) {
    self.group = group
    nodes = model.partNodes
    steps = Self.steps(rank: group.rank, of: group.count, parts: parts)
    let sums = model.partSums()
    self.sums = sums
    pieces = nodes.indices.map { node in
      let all = sums.gradients[node]
      return stride(from: 0, to: all.count, by: Self.pieceCount).map {
        Piece(rebasing: all[$0..<min($0 + Self.pieceCount, all.count)])
      } + [sums.losses[node]]
    }
    let largest = pieces[0].map(\.count).max()!
    arriving = (0...Round.mostAhead).map { _ in .allocate(capacity: largest) }
  }

  deinit { arriving.forEach { $0.deallocate() } }

  /// What rank `rank` sends, receives and adds, node by node.
  package static func steps(rank: Int, of ranks: Int, parts: Int) -> [Step] {
    let shares = (0..<ranks).map { PartTree.share(of: $0, of: ranks, parts: parts) }
    return PartTree.joins(of: parts).compactMap { join in
      // A rank's own parts are joined by its device.
      guard !shares[rank].contains(join.node), shares[rank].overlaps(join.node) else { return nil }
      let messages = messages(before: join, shares)
      return Step(
        join: join, sent: messages.filter { $0.giver == rank }.map { ($0.taker, $0.node) },
        received: messages.first { $0.taker == rank }.map { ($0.giver, $0.node) })
    }
  }

  /// A node that one rank sends to another.
  typealias Message = (giver: Int, taker: Int, node: Range<Int>)

  /// The messages between ranks before `join`, if `shares` are the ranks' parts: those that hold only one of its
  /// children get the other, from the ranks that hold it in turn.
  static func messages(before join: PartTree.Join, _ shares: [Range<Int>]) -> [Message] {
    func holders(_ node: Range<Int>) -> [Int] { shares.indices.filter { shares[$0].overlaps(node) } }
    let (left, right) = (holders(join.left), holders(join.right))
    return [(left, right, join.right), (right, left, join.left)].flatMap { takers, givers, node in
      takers.filter { !givers.contains($0) }.enumerated().map { index, taker in
        (givers[index % givers.count], taker, node)
      }
    }
  }

  /// Takes this rank's sums from `model`, once its gradients are computed, and gives it the sum over all parts.
  ///
  /// - Returns: whether any rank wants to stop after this step.
  /// - Throws: the backend's error, or why messages cannot be exchanged.
  package func join(_ model: PreparedModel, wantsStop: Bool) throws -> Bool {
    try model.read(sums)
    for losses in sums.losses { losses[losses.count - 1] = wantsStop ? 1 : 0 }
    var places = Dictionary(uniqueKeysWithValues: zip(nodes, pieces))
    for step in steps {
      let (left, right) = (places[step.join.left], places[step.join.right])
      // The sum goes to the first node that this rank holds, where the device expects it.
      let held = left ?? right!
      let arrived = held.indices.map { Piece(rebasing: arriving[$0 % arriving.count][..<held[$0].count]) }
      let rounds = held.indices.map { piece in
        Round(
          step.sent.map { Outgoing(to: $0.rank, UnsafeRawBufferPointer(places[$0.node]![piece])) },
          step.received.map { [Incoming(from: $0.rank, UnsafeMutableRawBufferPointer(arrived[piece]))] } ?? []
        )
      }
      try group.exchange(rounds) { piece in
        Summation.add((left ?? arrived)[piece], (right ?? arrived)[piece], into: held[piece])
      }
      places[step.join.node] = held
    }
    try model.write(sums)
    return sums.losses[0].last! > 0
  }
}
