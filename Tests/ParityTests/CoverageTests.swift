import Parity
import Programs
import Testing

@Suite struct CoverageTests {
  @Test("every kind of operation has cases", arguments: Operation.Kind.allCases)
  func kinds(_ kind: Operation.Kind) {
    #expect(OperationCase.all.contains { $0.kind == kind })
  }

  @Test("no two cases of a kind have the same name, so that a mismatch names one case")
  func names() {
    let names = OperationCase.all.map { "\($0.kind.rawValue) \($0.name)" }
    let twice = Dictionary(grouping: names) { $0 }.filter { $0.value.count > 1 }.keys
    #expect(twice.isEmpty)
  }
}
