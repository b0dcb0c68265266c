import CPUBackend
import Models
import Parity
import TestSupport
import Testing

@Suite struct ThreadTests {
  @Test("any number of threads, and any width of vectors, gives the same bits", arguments: widths)
  func threads(_ vectors: VectorWidth) throws {
    let seed = UInt64.random(in: .min ... .max)
    let counts = [1, 7]
    let devices = [try cpu(2)] + (try counts.map { try CPUBackend(threads: $0, vectors: vectors) })
    let report = try runParity(
      devices: devices, models: ModelKind.allCases, steps: 3, seed: seed, progress: { _ in })
    #expect(report.mismatches.isEmpty, "seed \(seed)")
    #expect(report.identical == report.cases)
    #expect(report.cases == (try caseCount(ModelKind.allCases)) * counts.count)
  }

  /// The widths of this processor.
  private static let widths = VectorWidth.allCases.filter { $0 == .narrow || Processor.vectors == .wide }
}
