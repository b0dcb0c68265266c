import Datasets
import Testing

@Suite("Splits")
struct SplitTests {
  @Test("The first of the order are held out, both parts ascending")
  func choice() throws {
    let order: [UInt32] = [4, 2, 5, 0, 3, 1]
    for (count, validation, train): (Int, [UInt32], [UInt32]) in [
      (0, [], [0, 1, 2, 3, 4, 5]), (1, [4], [0, 1, 2, 3, 5]), (2, [2, 4], [0, 1, 3, 5]),
      (4, [0, 2, 4, 5], [1, 3]), (5, [0, 2, 3, 4, 5], [1]),
    ] {
      let split = try Split.validationSplit(order: order, validationCount: count)
      #expect(split.validation == validation)
      #expect(split.train == train)
    }
  }

  @Test("Counts that leave nothing, or make no sense, are refused")
  func refused() {
    for (order, count): ([UInt32], Int) in [([1, 2], 2), ([1, 2], 3), ([1, 2], -1), ([], 0)] {
      let error = #expect(throws: DatasetError.self) {
        try Split.validationSplit(order: order, validationCount: count)
      }
      #expect(error?.kind == .badSplit)
    }
  }

  @Test("The names are those of the command line")
  func names() {
    #expect(Split.allCases.map(\.rawValue) == ["train", "validation", "test"])
  }
}
