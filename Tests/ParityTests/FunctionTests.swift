import Parity
import Programs
import TestSupport
import Testing

/// The functions of the contract alone, on a sample of the inputs of `facsimile parity --functions`.
@Suite("Functions on OpenCL against the CPU", .enabled(if: TestDevices.areWanted))
struct FunctionTests {
  /// 2³² inputs are 4,096 runs, eight per exponent: one run in 31 covers every fourth exponent of either sign.
  @Test(
    "every function; with the device's division and square root, and the kernels' own",
    arguments: [false, true])
  func sampled(_ isOwn: Bool) throws {
    let devices = [try cpu(1)] + (try TestDevices.openCL(fault: isOwn ? "division,squareRoot" : nil))
    let report = try runFunctionParity(
      devices: devices.map { try #require($0 as? any FunctionSweep) }, stride: 31, progress: { _ in })
    for mismatch in report.mismatches { Issue.record("\(mismatch)") }
    #expect(report.identical == report.cases && report.cases == 10 * 133 * (devices.count - 1))
  }
}
