import Models
import OpenCLBackend
import Parity
import Programs
import TestSupport
import Testing

/// Every OpenCL device computes the CPU's bits.
@Suite("OpenCL against the CPU", .enabled(if: TestDevices.areWanted), .serialized)
struct OpenCLParityTests {
  private func expectParity(
    _ devices: [any Backend], _ models: [ModelKind], _ seed: UInt64, _ how: String = ""
  ) throws {
    let report = try runParity(
      devices: [cpu(2)] + devices, models: models, steps: 3, seed: seed, progress: { _ in })
    for mismatch in report.mismatches.prefix(20) { Issue.record("\(mismatch)") }
    #expect(report.mismatches.isEmpty, "seed \(seed) \(how)")
    #expect(report.identical == report.cases)
    #expect(report.cases == (try caseCount(models)) * devices.count)
  }

  @Test("every operation, every model")
  func everything() throws {
    try expectParity(TestDevices.openCL(), ModelKind.allCases, .random(in: .min ... .max))
  }

  @Test("work cut up at random", arguments: 0..<3)
  func variants(_ trial: Int) throws {
    let seed = UInt64.random(in: .min ... .max)
    // Vectors of images in one trial each, images as work-items in the third.
    var options = LaunchOptions(trial == 2 ? .gpu : .cpu)
    if trial < 2 { options.lanes = [16, 8][trial] }
    options.imageGroup = [1, 2, 8, 64][Int(seed % 4)]
    options.itemGroup = [1, 4, 32, 64][Int(seed / 4 % 4)]
    options.laneGroup = Int(seed / 16 % 8) + 1
    options.span = Int(seed / 128 % 5)
    try expectParity(TestDevices.openCL(options), [.convVAE], seed, "\(options)")
  }
}
