import Foundation
import Kernels
import OpenCLBackend
import Programs
import TestSupport
import Testing

@Suite(.enabled(if: TestDevices.areThere || TestDevices.isRequired), .serialized)
struct DeviceTests {
  static let traps = [
    "contraction", "fma", "denormals", "addition", "zeros", "zeroFactors", "selection", "functions",
    "conversions", "random", "sums", "squareRoot,sums",
  ]

  private func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "facsimile-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  private func files(_ folder: URL, _ suffix: String) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.lastPathComponent.hasSuffix(suffix) }
  }

  @Test func thereIsADevice() {
    #expect(TestDevices.areThere, "\(TestDevices.discovery.reason ?? "no reason given")")
  }

  @Test func everyDevicePassesTheProbeAndBuildsEveryKernel() throws {
    for backend in try TestDevices.backends.get() {
      #expect(try backend.missingKernels() == [], "\(backend.device.name) \(backend.options)")
    }
  }

  @Test func identifiersAndFacts() {
    for device in TestDevices.discovery.devices {
      #expect(device.info.identifier.wholeMatch(of: /opencl:\d+\.\d+/) != nil)
      #expect(!device.info.name.isEmpty && device.info.units > 0 && device.memoryBytes > 0)
    }
  }

  @Test(arguments: traps)
  func aDeviceThatFailsItsProbeIsRefused(_ trap: String) throws {
    let device = try #require(TestDevices.discovery.devices.first)
    let folder = try folder()
    let settings = OpenCLSettings(cacheFolder: folder, probeFault: trap)
    // Twice: a failure must not be remembered as a pass.
    for _ in 0..<2 {
      let error = #expect(throws: ProbeFailure.self) { try OpenCLBackend(device, settings: settings) }
      #expect(error?.trap == trap.split(separator: ",").last.map(String.init))
      #expect("\(try #require(error))".contains("0x"))
    }
    #expect(try files(folder, ".probe").isEmpty)
  }

  @Test(arguments: [("division", Replacements.division), ("squareRoot", .squareRoot)])
  func whatADeviceDoesNotRoundIsReplaced(_ fault: String, _ expected: Replacements) throws {
    let device = try #require(TestDevices.discovery.devices.first)
    let folder = try folder()
    let settings = OpenCLSettings(cacheFolder: folder, probeFault: fault)
    // The second time from the cache.
    for _ in 0..<2 {
      let backend = try OpenCLBackend(device, settings: settings)
      #expect(backend.replacements == expected && backend.device.replaced.count == 1)
      #expect(backend.buildOptions.contains(fault == "division" ? "-D OWN_DIVISION" : "-D OWN_SQUARE_ROOT"))
      #expect(try files(folder, ".probe").count == 1)
    }
    let whole = try OpenCLBackend(device, settings: OpenCLSettings(cacheFolder: folder))
    #expect(whole.replacements == [] && whole.device.replaced == [])
  }

  @Test(arguments: ["gravity", "fma,", "fma, sums"])
  func anUnknownTrapIsNamed(_ names: String) throws {
    let device = try #require(TestDevices.discovery.devices.first)
    let settings = OpenCLSettings(cacheFolder: nil, probeFault: names)
    let error = #expect(throws: OpenCLError.self) { try OpenCLBackend(device, settings: settings) }
    #expect("\(try #require(error))".contains("contraction, fma"))
  }

  /// Work with a known result: initial values.
  private func work(_ backend: OpenCLBackend) throws -> [Float] {
    var builder = ProgramBuilder()
    let weight = builder.buffer("weight", .parameter(.linear(outputs: 5, inputs: 7)), .persistent)
    let operation = try Initialise(
      parameter: weight, random: RandomSource(seed: 3, stream: 0x100), bound: 0.25)
    builder.add(Routine(.initialise, [Programs.Operation(operation)]))
    let prepared = try backend.prepare(builder.program())
    try prepared.run(.initialise, step: 0)
    try prepared.synchronize()
    return try prepared.floats(weight)
  }

  @Test func programsAreKeptAndDamagedOnesAreBuiltAnew() throws {
    let device = try #require(TestDevices.discovery.devices.first)
    let folder = try folder()
    let settings = OpenCLSettings(cacheFolder: folder, keepsPrograms: true)
    let first = try work(OpenCLBackend(device, settings: settings))
    let kept = try #require(try files(folder, ".bin").first)
    #expect(try files(folder, ".probe").count == 1)
    let whole = try Data(contentsOf: kept)
    #expect(try work(OpenCLBackend(device, settings: settings)) == first)

    var flipped = whole
    flipped[whole.count / 2] ^= 1
    let damaged = [whole.prefix(whole.count / 2), flipped, Data(), Data("facsimile".utf8), whole + Data([0])]
    for (index, data) in damaged.enumerated() {
      try data.write(to: kept)
      #expect(try work(OpenCLBackend(device, settings: settings)) == first, "damage \(index)")
      // The name depends on the program alone, so the file is intact again.
      #expect(try Data(contentsOf: kept).count > 1000, "damage \(index)")
      #expect(try Data(contentsOf: kept) != data, "damage \(index)")
    }
    // A file with a valid checksum that is not a program.
    for probe in try files(folder, ".probe") { try Data("passed".utf8).write(to: probe) }
    #expect(try work(OpenCLBackend(device, settings: settings)) == first)
  }

  @Test func aFolderThatCannotBeWrittenIsNoObstacle() throws {
    let device = try #require(TestDevices.discovery.devices.first)
    let settings = OpenCLSettings(cacheFolder: URL(fileURLWithPath: "/proc/facsimile"))
    #expect(try work(OpenCLBackend(device, settings: settings)).count == 56)
  }

  @Test func settingsOfTheEnvironment() {
    func folder(_ variables: [String: String]) -> String? {
      OpenCLSettings.environment(variables).cacheFolder?.path
    }
    #expect(folder(["HOME": "/h"]) == "/h/.cache/facsimile/kernels")
    #expect(folder(["HOME": "/h", "XDG_CACHE_HOME": "/x"]) == "/x/facsimile/kernels")
    #expect(folder(["HOME": "/h", "FACSIMILE_KERNEL_CACHE": "/k"]) == "/k")
    #expect(folder(["HOME": "/h", "FACSIMILE_KERNEL_CACHE": "off"]) == nil)
    #expect(folder([:]) == nil)
    #expect(OpenCLSettings.environment(["FACSIMILE_PROBE_FAIL": "fma"]).probeFault == "fma")
  }

  /// Work that keeps the device busy, then copies still in progress when the host reads zero bytes.
  @Test func aReadOfNothingWaitsForWhatIsBeingWritten() throws {
    let device = try #require(TestDevices.discovery.devices.first)
    let backend = try OpenCLBackend(device, settings: OpenCLSettings(cacheFolder: TestDevices.cacheFolder))
    var builder = ProgramBuilder()
    let map = MapShape(16, 56, 56)
    let image = builder.buffer("image", .images(batch: 256, map), .persistent)
    let targets = (0..<4).map { builder.buffer("target \($0)", .words(1 << 18), .persistent) }
    let operation = try ActivationForward(input: image, output: image, activation: .sigmoid)
    builder.add(Routine(.gradients, [Programs.Operation(operation)]))
    let prepared = try backend.prepare(builder.program())
    for _ in 0..<4 { try prepared.run(.gradients, step: 0) }
    for (index, target) in targets.enumerated() {
      try prepared.write([UInt32](repeating: UInt32(index + 1), count: target.count), to: target)
    }
    try prepared.read(image, at: 0, into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
    // Would reuse the memory of copies that were released too early.
    let other = (0..<8).map { _ in [UInt32](repeating: 0xdead_beef, count: 1 << 18) }
    for (index, target) in targets.enumerated() {
      #expect(try prepared.words(target).allSatisfy { $0 == UInt32(index + 1) }, "target \(index)")
    }
    #expect(other.count == 8)
  }

  @Test func aRangeOfNothingIsNoLaunch() throws {
    let device = try #require(TestDevices.discovery.devices.first)
    for kind in [DeviceInfo.Kind.cpu, .gpu] {
      let backend = try OpenCLBackend(
        device, options: LaunchOptions(kind), settings: OpenCLSettings(cacheFolder: TestDevices.cacheFolder))
      var builder = ProgramBuilder()
      let shape = MapShape(3, 2, 2)
      let (input, output) = (
        builder.buffer("input", .images(batch: 0, shape), .persistent),
        builder.buffer("output", .images(batch: 0, shape), .persistent)
      )
      let operation = try ActivationForward(input: input, output: output, activation: .relu)
      builder.add(Routine(.gradients, [Programs.Operation(operation)]))
      let prepared = try backend.prepare(builder.program())
      try prepared.run(.gradients, step: 0)
      try prepared.synchronize()
    }
  }

  @Test func errorsCarryTheFacts() throws {
    let device = try #require(TestDevices.discovery.devices.first)
    let backend = try OpenCLBackend(device, settings: OpenCLSettings(cacheFolder: TestDevices.cacheFolder))
    var builder = ProgramBuilder()
    let buffer = builder.buffer("weights", .floats(8), .persistent)
    let prepared = try backend.prepare(builder.program())
    let tooMany = [Float](repeating: 1, count: 9)
    #expect(throws: ProgramError.self) { try prepared.write(tooMany, to: buffer) }
    #expect(throws: ProgramError.self) { try prepared.run(.gradients, step: 0) }

    var giant = ProgramBuilder()
    _ = giant.buffer("giant", .floats(1 << 44), .persistent)
    let error = #expect(throws: NotEnoughMemory.self) { try backend.prepare(giant.program()) }
    #expect(error?.needed == 1 << 46)
    #expect("\(try #require(error))".contains(device.info.identifier))
  }
}
