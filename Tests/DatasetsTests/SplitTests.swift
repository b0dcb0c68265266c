import Datasets
import Testing

@Suite("Splits")
struct SplitTests {
  @Test("The smallest by (word, index) are held back, both parts ascending")
  func choice() throws {
    let words: [UInt32] = [5, 0xFFFF_FFFF, 2, 5, 0, 2]
    for (count, validation, train): (Int, [UInt32], [UInt32]) in [
      (0, [], [0, 1, 2, 3, 4, 5]), (1, [4], [0, 1, 2, 3, 5]), (2, [2, 4], [0, 1, 3, 5]),
      (4, [0, 2, 4, 5], [1, 3]), (5, [0, 2, 3, 4, 5], [1]),
    ] {
      let split = try Split.validationSplit(words: words, validationCount: count)
      #expect(split.validation == validation)
      #expect(split.train == train)
    }
  }

  @Test("Counts that leave nothing, or make no sense, are refused")
  func refused() {
    for (words, count): ([UInt32], Int) in [([1, 2], 2), ([1, 2], 3), ([1, 2], -1), ([], 0)] {
      let error = #expect(throws: DatasetError.self) {
        try Split.validationSplit(words: words, validationCount: count)
      }
      #expect(error?.kind == .badSplit)
    }
  }

  @Test("The names are those of the command line")
  func names() {
    #expect(Split.allCases.map(\.rawValue) == ["train", "validation", "test"])
  }
}
