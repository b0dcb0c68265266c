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
    _ devices: [any Backend], _ models: [ModelKind], _ seed: UInt64, _ how: String = "", every stride: Int = 1
  ) throws {
    let report = try runParity(
      devices: [cpu(2)] + devices, models: models, steps: 3, seed: seed, every: stride, progress: { _ in })
    for mismatch in report.mismatches.prefix(20) { Issue.record("\(mismatch)") }
    #expect(report.mismatches.isEmpty, "seed \(seed) \(how)")
    #expect(report.identical == report.cases)
    #expect(report.cases == (try caseCount(models, every: stride, seed: seed)) * devices.count)
  }

  @Test("every operation, every model")
  func everything() throws {
    try expectParity(TestDevices.openCL(), ModelKind.allCases, .random(in: .min ... .max))
  }

  @Test("division and square root of the kernels' own", arguments: [DeviceInfo.Kind.cpu, .gpu])
  func replaced(_ kind: DeviceInfo.Kind) throws {
    var options = LaunchOptions(kind)
    // One size of group: PoCL compiles every kernel anew for each.
    (options.imageGroup, options.itemGroup) = (1, 1)
    let devices = try TestDevices.openCL(options, fault: "division,squareRoot")
    #expect(devices.allSatisfy { $0.device.replaced.count == 2 })
    try expectParity(devices, [.convVAE], .random(in: .min ... .max), every: 4)
  }

  @Test("a GPU's groups of every size", arguments: [(1, 1), (32, 1), (8, 8), (64, 4)])
  func groups(_ images: Int, _ items: Int) throws {
    var options = LaunchOptions(.gpu)
    (options.imageGroup, options.itemGroup) = (images, items)
    options.laneGroup = Swift.max(1, Swift.min(images * items / 8, 16))
    // Some of the cases: PoCL compiles every kernel anew for each size.
    try expectParity(
      TestDevices.openCL(options), [], .random(in: .min ... .max), "groups of \(images) × \(items)", every: 4)
  }

  @Test("work cut up at random", arguments: 0..<3)
  func variants(_ trial: Int) throws {
    let seed = UInt64.random(in: .min ... .max)
    // Vectors of 16 and of 8 images in the first two trials, one image per work-item in the third.
    var options = LaunchOptions(trial == 2 ? .gpu : .cpu)
    if trial < 2 { options.lanes = [16, 8][trial] }
    options.imageGroup = [1, 2, 8, 64][Int(seed % 4)]
    options.itemGroup = [1, 4, 32, 64][Int(seed / 4 % 4)]
    options.laneGroup = Int(seed / 16 % 8) + 1
    options.span = Int(seed / 128 % 5)
    try expectParity(TestDevices.openCL(options), [.convVAE], seed, "\(options)", every: 3)
  }
}
