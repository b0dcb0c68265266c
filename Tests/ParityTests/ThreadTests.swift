import Models
import Parity
import Testing

@Suite struct ThreadTests {
  @Test("any number of threads gives the same bits")
  func threads() throws {
    let seed = UInt64.random(in: .min ... .max)
    let counts = [1, 2, 3, 7]
    let report = try runParity(
      devices: counts.map(cpu), models: ModelKind.allCases, steps: 3, seed: seed, progress: { _ in })
    #expect(report.mismatches.isEmpty, "seed \(seed)")
    #expect(report.identical == report.cases)
    #expect(report.cases == (try caseCount(ModelKind.allCases)) * (counts.count - 1))
  }
}
