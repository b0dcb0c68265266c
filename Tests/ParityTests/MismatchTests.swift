import Models
import Parity
import Programs
import TestSupport
import Testing

/// A difference of one bit is detected and named: a comparison that cannot fail would prove nothing.
@Suite struct MismatchTests {
  private func report(
    _ flip: Flip, operations: [Operation.Kind] = [], models: [ModelKind] = [], seed: UInt64 = 5
  ) throws -> ParityReport {
    try runParity(
      devices: [cpu(1), HookedBackend(cpu(1), flipping: flip)], operations: operations, models: models,
      steps: 1,
      seed: seed, progress: { _ in })
  }

  private func expectOnly(
    _ flip: Flip, in report: ParityReport, operation: String, index: Int, seed: UInt64,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try #require(flip.before, "the bit was never flipped", sourceLocation: sourceLocation)
    #expect(report.mismatches.count == 1, sourceLocation: sourceLocation)
    #expect(report.identical == report.cases - 1, sourceLocation: sourceLocation)
    let mismatch = try #require(report.mismatches.first, sourceLocation: sourceLocation)
    #expect(mismatch.device == "flip:0: a bit wrong", sourceLocation: sourceLocation)
    #expect(mismatch.operation.hasPrefix(operation), sourceLocation: sourceLocation)
    #expect(mismatch.buffer == flip.buffer, sourceLocation: sourceLocation)
    #expect(mismatch.index == index, sourceLocation: sourceLocation)
    #expect(mismatch.expected == before, sourceLocation: sourceLocation)
    #expect(mismatch.got == before ^ 1 << flip.bit, sourceLocation: sourceLocation)
    #expect(mismatch.count == 1 && mismatch.seed == seed, sourceLocation: sourceLocation)
  }

  @Test("one bit of one value of one operation")
  func operation() throws {
    // The last bit of the first gradient of KL and decoder in a case.
    let flip = Flip(buffer: "logVarianceGradient", read: 0, place: 0, bit: 0)
    let report = try report(flip, operations: [.reparameterizeBackward])
    try expectOnly(flip, in: report, operation: "reparameterize_backward latent", index: 0, seed: 5)
    let mismatch = report.mismatches[0]
    #expect(mismatch.ulps == 1)
    let text = mismatch.description
    for part in [
      "reparameterize_backward", "flip:0", "logVarianceGradient[0]", "1 ulp", "seed 5",
      "0x" + String(mismatch.expected, radix: 16), "0x" + String(mismatch.got, radix: 16),
    ] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test("the place is that of PyTorch's order, the sign counts, the distance passes zero")
  func place() throws {
    // The first case of dropout has images [1, 28, 28]: value (0, 0, 1) of image 2 lies in vector 1.
    let flip = Flip(buffer: "inputGradient", read: 0, place: 16 + 2, bit: 31)
    let seed: UInt64 = 77
    let report = try report(flip, operations: [.dropoutBackward], seed: seed)
    try expectOnly(flip, in: report, operation: "dropout_backward", index: 2 * 784 + 1, seed: seed)
    let magnitude = Int64(report.mismatches[0].expected & 0x7fff_ffff)
    #expect(report.mismatches[0].ulps == 2 * magnitude)
  }

  @Test("one bit of one parameter of one model", arguments: [ModelKind.vae, .convAutoencoder])
  func model(_ kind: ModelKind) throws {
    let flip = Flip(buffer: "parameters", read: 0, place: 3, bit: 7)
    let report = try report(flip, models: [kind], seed: 9)
    try expectOnly(flip, in: report, operation: "\(kind.rawValue) batch-size=1", index: 3, seed: 9)
    #expect(report.mismatches[0].ulps == 128)
  }

  @Test("one bit of a posterior", arguments: ["logvar", "sample"])
  func posterior(_ name: String) throws {
    let flip = Flip(buffer: "evaluate.encoder.\(name)", read: 0, place: 0, bit: 0)
    let report = try report(flip, models: [.vae], seed: 9)
    try expectOnly(flip, in: report, operation: "vae batch-size=1", index: 0, seed: 9)
  }

  @Test("without a wrong bit nothing is reported")
  func clean() throws {
    let report = try report(
      Flip(buffer: "no such buffer", read: 0, place: 0, bit: 0), operations: Operation.Kind.allCases)
    #expect(report.mismatches.isEmpty && report.identical == report.cases)
    #expect(report.cases == OperationCase.all.count)
    #expect(report.devices.count == 2 && report.devices[1] == "flip:0: a bit wrong")
  }
}
