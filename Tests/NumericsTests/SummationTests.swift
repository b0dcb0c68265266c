import Numerics
import Testing

/// The binary tree over neighbours, level by level, by definition.
private func tree(_ values: [Float]) -> Float {
  if values.count == 1 { return values[0] }
  var next: [Float] = []
  for index in stride(from: 0, to: values.count - 1, by: 2) { next.append(values[index] + values[index + 1]) }
  if values.count % 2 == 1 { next.append(values[values.count - 1]) }
  return tree(next)
}

@Suite("Summation")
struct SummationTests {
  @Test("lanes join in the contract's order, one sum or four at once")
  func lanes() {
    var words = Words(seed: 21)
    for _ in 0..<2_000 {
      let sums = (0..<4).map { _ in words.wideLanes() }
      let four = Summation.joinLanes4(sums[0], sums[1], sums[2], sums[3])
      for index in 0..<4 {
        let l = sums[index]
        let first: Float = (l[0] + l[2]) + (l[1] + l[3])
        let second: Float = (l[4] + l[6]) + (l[5] + l[7])
        #expect(same(Summation.joinLanes(l), first + second), "\(l)")
        #expect(same(four[index], first + second), "sum \(index) of four: \(l)")
      }
    }
  }

  @Test("chunks join by the tree over neighbours", arguments: Array(1...40) + [63, 64, 65, 100, 127, 1_000])
  func chunks(_ count: Int) {
    for stride in [1, 3] {
      var words = Words(seed: UInt64(count))
      let values = (0..<count).map { _ in words.wide() }
      var memory = [Float](repeating: .nan, count: count * stride)
      for index in 0..<count { memory[index * stride] = values[index] }
      #expect(same(Summation.chunkTree(&memory, count: count, stride: stride), tree(values)))
    }
  }

  @Test("rows join column by column", arguments: [1, 2, 3, 5, 8, 13])
  func rows(_ count: Int) {
    for width in [1, 7, 8, 9, 24, 31] {
      let stride = width + 5
      var words = Words(seed: UInt64(count * 100 + width))
      var memory = (0..<count * stride).map { _ in words.wide() }
      let before = memory
      Summation.chunkTree(rows: &memory, count: count, stride: stride, width: width)
      for column in 0..<width {
        let expected = tree((0..<count).map { before[$0 * stride + column] })
        #expect(same(memory[column], expected), "\(count) rows of \(width), column \(column)")
      }
      for column in width..<stride { #expect(same(memory[column], before[column])) }
    }
  }

  @Test(
    "two nodes join value by value, the sum in a third place or in that of one",
    arguments: [0, 1, 7, 8, 9, 37])
  func nodes(_ count: Int) {
    var words = Words(seed: UInt64(count))
    let terms = (0..<2).map { _ in (0..<count).map { _ in words.wide() } }
    for place in 0..<3 {
      let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: 3 * count)
      defer { memory.deallocate() }
      _ = memory.initialize(from: terms[0] + terms[1] + terms[0])
      let nodes = (0..<3).map { UnsafeMutableBufferPointer(rebasing: memory[$0 * count..<($0 + 1) * count]) }
      Summation.add(nodes[0], nodes[1], into: nodes[place])
      for index in 0..<count {
        #expect(
          same(nodes[place][index], terms[0][index] + terms[1][index]), "value \(index) in place \(place)")
      }
    }
  }

  @Test("a closed sum has no -0")
  func closed() {
    #expect(same(Summation.closed(-0.0), 0))
    #expect(same(Summation.closed(Lanes(repeating: -0.0))[7], 0))
    #expect(same(Summation.closed(-0x1p-149), -0x1p-149))
  }
}
