import Storage
import Testing

@Suite struct MerkleTreeTests {
  /// The leaves of RFC 6962's reference trees, from Certificate Transparency's own tests.
  private static let inputs: [[UInt8]] = [
    [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43],
    [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
    [0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F],
  ]
  private static let leaves = inputs.map { Fingerprint.bytes(of: [0] + $0) }

  @Test(
    "The roots of RFC 6962's implementation",
    arguments: [
      (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
      (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
      (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
      (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
      (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ])
  func reference(_ count: Int, _ root: String) {
    let leaves = Array(Self.leaves.prefix(count))
    #expect(Fingerprint.text(MerkleTree(leaves).root) == root)
    var peaks = MerklePeaks()
    for leaf in leaves { peaks.append(leaf) }
    #expect(peaks.count == count && Fingerprint.text(peaks.root) == root)
  }

  @Test("A tree that grows has the root of one made at once, and the first of two different leaves is found")
  func growing() {
    var peaks = MerklePeaks()
    let leaves = (0..<67).map { Fingerprint.bytes(of: [0, UInt8($0)]) }
    for count in 1...leaves.count {
      peaks.append(leaves[count - 1])
      let tree = MerkleTree(Array(leaves.prefix(count)))
      #expect(peaks.root == tree.root)
      for place in 0..<count {
        var (others, asked) = (tree.leaves, 0)
        for later in stride(from: place, to: count, by: 3) {
          others[later] = tree.leaves[(later + 1) % 67 % count] + [1]
        }
        let other = MerkleTree(others)
        let found = tree.firstDifference(in: 0..<count) {
          asked += 1
          return other.hash($0)
        }
        #expect(found == place && asked <= 1 + (Int.bitWidth - (count - 1).leadingZeroBitCount))
      }
      #expect(tree.firstDifference(in: 0..<count, from: tree.hash) == nil)
    }
  }
}
