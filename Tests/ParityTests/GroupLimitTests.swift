import Kernels
import Models
import OpenCLBackend
import Parity
import Programs
import TestSupport
import Testing

/// Devices that pretend to have small work-groups.
@Suite("Limits of work-groups", .enabled(if: TestDevices.areWanted), .serialized)
struct GroupLimitTests {
  /// Some of the cases: PoCL compiles every kernel anew for each limit.
  private func expectParity(_ options: LaunchOptions, limit: Int, settings: OpenCLSettings) throws {
    guard TestDevices.areThere else { throw TestDevices.Missing() }
    let devices = try TestDevices.discovery.devices.map {
      LimitedBackend(try OpenCLBackend($0, options: options, settings: settings), limit: limit)
    }
    let seed = UInt64.random(in: .min ... .max)
    let report = try runParity(
      devices: [cpu(2)] + devices, models: [], steps: 1, seed: seed, every: 6, progress: { _ in })
    for mismatch in report.mismatches.prefix(20) { Issue.record("\(mismatch)") }
    #expect(report.identical == report.cases && report.cases > 0, "seed \(seed)")
  }

  @Test("a device's limit", arguments: [(DeviceInfo.Kind.gpu, 32), (.gpu, 8), (.cpu, 1)])
  func ofDevice(_ kind: DeviceInfo.Kind, _ limit: Int) throws {
    var options = LaunchOptions(kind)
    options.itemGroup = 64
    try expectParity(options, limit: limit, settings: OpenCLSettings(cacheFolder: nil, groupLimit: limit))
  }

  @Test("a kernel's own limit", arguments: [(DeviceInfo.Kind.cpu, 8), (.gpu, 1)])
  func ofKernel(_ kind: DeviceInfo.Kind, _ limit: Int) throws {
    var options = LaunchOptions(kind)
    options.itemGroup = 48
    try expectParity(
      options, limit: limit, settings: OpenCLSettings(cacheFolder: nil, kernelGroupLimit: limit))
  }

  @Test("options for a device: smaller groups, and vectors where lanes do not fit")
  func options() {
    let gpu = LaunchOptions(.gpu)
    let twenty = gpu.fitted(to: GroupLimit(items: 20))
    #expect((twenty.lanes, twenty.imageGroup, twenty.itemGroup, twenty.laneGroup) == (1, 20, 20, 2))
    let flat = gpu.fitted(to: GroupLimit(items: 64, along: [64, 4, 1]))
    #expect((flat.lanes, flat.imageGroup, flat.itemGroup, flat.laneGroup) == (1, 64, 4, 4))
    for limit in [GroupLimit(items: 7), GroupLimit(items: 64, along: [4, 64, 64])] {
      let vectors = gpu.fitted(to: limit)
      #expect((vectors.lanes, vectors.itemGroup) == (8, 1))
    }
    #expect(gpu.fitted(to: GroupLimit(items: 1024)) == gpu)
    #expect(LaunchOptions(.cpu).fitted(to: GroupLimit(items: 1)) == LaunchOptions(.cpu))
  }

  @Test("groups of a launch: each divides the one before; lanes that meet stay together")
  func grids() {
    func local(_ global: [Int], _ local: [Int], _ limit: GroupLimit, lanesMeet: Bool = false) -> [Int]? {
      Grid(global: global, local: local, lanesMeet: lanesMeet).fitted(to: limit)?.local
    }
    #expect(local([64, 1, 1], [64, 1, 1], GroupLimit(items: 20)) == [16, 1, 1])
    #expect(local([1, 90, 1], [1, 45, 1], GroupLimit(items: 20)) == [1, 15, 1])
    #expect(local([1, 14, 1], [1, 7, 1], GroupLimit(items: 6)) == [1, 1, 1])
    #expect(local([8, 16, 3], [8, 8, 1], GroupLimit(items: 20), lanesMeet: true) == [8, 2, 1])
    #expect(local([8, 16, 3], [8, 8, 1], GroupLimit(items: 8), lanesMeet: true) == [8, 1, 1])
    #expect(local([8, 16, 3], [8, 8, 1], GroupLimit(items: 7), lanesMeet: true) == nil)
    #expect(local([8, 1, 1], [8, 1, 1], GroupLimit(items: 64, along: [4, 64, 64]), lanesMeet: true) == nil)
    #expect(local([8, 8, 1], [8, 8, 1], GroupLimit(items: 64, along: [64, 2, 64])) == [8, 2, 1])
  }
}

/// An OpenCL backend whose launches must obey a limit, whatever the device would allow.
private struct LimitedBackend: Backend {
  let base: OpenCLBackend
  let limit: Int
  var device: DeviceInfo { base.device }

  init(_ base: OpenCLBackend, limit: Int) { (self.base, self.limit) = (base, limit) }

  func prepare(_ program: Program) throws -> any PreparedProgram {
    let prepared = try base.prepare(program)
    let largest = (prepared as? OpenCLProgram)?.largestGroup
    #expect((largest.map { (1...limit).contains($0) }) == true, "a group of \(largest ?? 0), limit \(limit)")
    return prepared
  }
}
