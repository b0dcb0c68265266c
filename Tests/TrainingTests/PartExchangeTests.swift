import Models
import Testing
import Training

@Suite("Parts of a batch at several ranks") struct PartExchangeTests {
  /// The order in which a sum was formed.
  private indirect enum Sum: Equatable {
    case part(Int)
    case sum(Sum, Sum)
  }

  /// The tree of one process over these parts.
  private func tree(_ parts: Range<Int>, of count: Int) -> Sum {
    var sums = Dictionary(uniqueKeysWithValues: (0..<count).map { ($0..<$0 + 1, Sum.part($0)) })
    for join in PartTree.joins(of: count) { sums[join.node] = .sum(sums[join.left]!, sums[join.right]!) }
    return sums[parts]!
  }

  @Test(
    "Every rank forms the sum of one process, from messages that were sent to it, for any number of parts and ranks"
  )
  func sums() throws {
    for parts in 1...17 {
      for ranks in 1...parts {
        var held = (0..<ranks).map { rank in
          let nodes = PartTree.nodes(within: PartTree.share(of: rank, of: ranks, parts: parts), of: parts)
          return Dictionary(uniqueKeysWithValues: nodes.map { ($0, tree($0, of: parts)) })
        }
        let steps = (0..<ranks).map { PartExchange.steps(rank: $0, of: ranks, parts: parts) }
        for join in PartTree.joins(of: parts) {
          // What is sent is what was held before this join.
          let before = held
          for rank in 0..<ranks {
            guard let step = steps[rank].first(where: { $0.join == join }) else { continue }
            var own = before[rank]
            if let received = step.received {
              let sender = try #require(steps[received.rank].first { $0.join == join })
              #expect(sender.sent.contains { $0.rank == rank && $0.node == received.node })
              #expect(before[received.rank].keys.contains(received.node))
              own[received.node] = before[received.rank][received.node]
            }
            for sent in step.sent {
              let taker = try #require(steps[sent.rank].first { $0.join == join })
              #expect(taker.received?.rank == rank && taker.received?.node == sent.node)
            }
            held[rank][join.node] = .sum(
              try #require(own[join.left]), try #require(own[join.right]))
          }
        }
        for rank in 0..<ranks { #expect(held[rank][0..<parts] == tree(0..<parts, of: parts)) }
      }
    }
  }

  @Test("With powers of two every join is one exchange with one partner")
  func partners() {
    for rank in 0..<8 {
      let steps = PartExchange.steps(rank: rank, of: 8, parts: 16)
      #expect(steps.map { $0.sent.map(\.rank) } == [[rank ^ 1], [rank ^ 2], [rank ^ 4]])
      #expect(steps.map { $0.received?.rank } == [rank ^ 1, rank ^ 2, rank ^ 4])
    }
  }
}
