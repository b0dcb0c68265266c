import Models
import Testing

@Suite("The tree over parts") struct PartTreeTests {
  @Test("Joins are those of neighbours that pair, an odd last one passing up")
  func joins() {
    func text(_ count: Int) -> [String] { PartTree.joins(of: count).map { "\($0.left) + \($0.right)" } }
    #expect(text(1).isEmpty)
    #expect(text(5) == ["0..<1 + 1..<2", "2..<3 + 3..<4", "0..<2 + 2..<4", "0..<4 + 4..<5"])
    #expect(text(7).suffix(3) == ["0..<2 + 2..<4", "4..<6 + 6..<7", "0..<4 + 4..<7"])
  }

  @Test("The largest nodes within parts cover them, and none is part of another within them")
  func nodes() {
    #expect(PartTree.nodes(within: 0..<8, of: 8) == [0..<8])
    #expect(PartTree.nodes(within: 1..<7, of: 8) == [1..<2, 2..<4, 4..<6, 6..<7])
    #expect(PartTree.nodes(within: 2..<5, of: 5) == [2..<4, 4..<5])
    #expect(PartTree.nodes(within: 4..<7, of: 7) == [4..<7])
    for count in 1...20 {
      let all = PartTree.joins(of: count).map(\.node)
      for first in 0..<count {
        for end in first + 1...count {
          let nodes = PartTree.nodes(within: first..<end, of: count)
          #expect(nodes.flatMap(Array.init) == Array(first..<end))
          for node in nodes {
            #expect(node.count == 1 || all.contains(node))
            let above = all.first {
              $0 != node && $0.contains(node.lowerBound) && $0.contains(node.upperBound - 1)
            }
            #expect(above.map { $0.lowerBound < first || $0.upperBound > end } ?? true)
          }
        }
      }
    }
  }

  @Test("Shares are consecutive, all parts together, and none is empty")
  func shares() {
    for parts in 1...20 {
      for ranks in 1...parts {
        let shares = (0..<ranks).map { PartTree.share(of: $0, of: ranks, parts: parts) }
        #expect(shares.flatMap(Array.init) == Array(0..<parts))
        #expect(shares.allSatisfy { !$0.isEmpty })
        #expect(shares.map(\.count).max()! - shares.map(\.count).min()! <= 1)
      }
    }
  }
}
