import Foundation
import Kernels
import Numerics
import OpenCLBackend
import Programs
import Testing

/// The devices that tests run on, each opened once for every way of cutting up work.
enum TestDevices {
  static let discovery = OpenCLBackend.available()
  static let isRequired = ProcessInfo.processInfo.environment["FACSIMILE_REQUIRE_OPENCL"] == "1"
  /// Tests run where there is a device, and fail without one where CI asks for it.
  static let areThere = !discovery.devices.isEmpty

  /// A folder of this test run's own, so that no test depends on what ran before.
  static let cacheFolder: URL = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "facsimile-kernels-\(ProcessInfo.processInfo.processIdentifier)")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }()

  /// Ways of cutting up work: what is usual, and others that must give the same bits.
  static func variants(_ device: OpenCLDevice) -> [LaunchOptions] {
    var grouped = LaunchOptions(.cpu)
    (grouped.itemGroup, grouped.span) = (4, 3)
    var narrow = LaunchOptions(.cpu)
    (narrow.lanes, narrow.imageGroup) = (8, 2)
    var small = LaunchOptions(.gpu)
    (small.imageGroup, small.itemGroup, small.laneGroup, small.span) = (16, 8, 3, 2)
    let usual = LaunchOptions(device.info.kind)
    return [usual]
      + [LaunchOptions(.cpu), grouped, narrow, LaunchOptions(.gpu), small].filter { $0 != usual }
  }

  /// Every device, with every variant.
  static let backends = Result {
    try discovery.devices.flatMap { device in
      try variants(device).map {
        try OpenCLBackend(device, options: $0, settings: OpenCLSettings(cacheFolder: cacheFolder))
      }
    }
  }
}

/// Random values of tests: by hand, so that a failure replays.
struct TestRandom {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

  mutating func word() -> UInt32 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt32(truncatingIfNeeded: state >> 33) ^ UInt32(truncatingIfNeeded: state >> 40)
  }

  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(word() % UInt32(range.count))
  }

  /// Values whose sums are all inexact: signs and exponents mixed.
  mutating func floats(_ count: Int) -> [Float] {
    (0..<count).map { _ in
      let magnitude = Float(
        sign: .plus, exponent: integer(-5...1), significand: 1 + Float(word() & 0x7f_ffff) * 0x1p-23)
      return word() & 1 == 0 ? magnitude : -magnitude
    }
  }
}

/// One operation as a program: its buffers' contents go in, one buffer comes out.
struct Trial {
  var builder = ProgramBuilder()
  var contents: [(buffer: Buffer, words: [UInt32])] = []

  /// A buffer with these contents.
  mutating func buffer(_ name: String, _ contents: Contents, _ floats: [Float]) -> Buffer {
    let buffer = builder.buffer(name, contents, .persistent)
    self.contents.append((buffer, floats.map(\.bitPattern)))
    return buffer
  }

  /// Images in PyTorch's order.
  mutating func images(_ name: String, _ shape: MapShape, batch: Int, _ values: [Float]) -> Buffer {
    buffer(name, .images(batch: batch, shape), ImageLayout.pack(values, shape, batch: batch))
  }

  /// A parameter in PyTorch's order.
  mutating func parameter(_ name: String, _ shape: ParameterShape, _ values: [Float]) -> Buffer {
    buffer(name, .parameter(shape), shape.pack(values))
  }

  /// A buffer of words.
  mutating func words(_ name: String, _ words: [UInt32]) -> Buffer {
    let buffer = builder.buffer(name, .words(words.count), .persistent)
    contents.append((buffer, words))
    return buffer
  }

  /// A buffer that starts as zeros.
  mutating func result(_ name: String, _ contents: Contents) -> Buffer {
    builder.buffer(name, contents, .persistent)
  }

  /// Runs `operations` once on every device in every variant and hands the results to `check`.
  mutating func run(
    _ operations: [Programs.Operation], step: Int = 0, bytes: [(Buffer, [UInt8])] = [],
    _ check: (String, any PreparedProgram) throws -> Void
  ) throws {
    builder.add(Routine(.train, operations))
    let program = builder.program()
    for backend in try TestDevices.backends.get() {
      let prepared = try backend.prepare(program)
      for (buffer, words) in contents { try prepared.write(words, to: buffer) }
      for (buffer, bytes) in bytes { try prepared.write(bytes, to: buffer) }
      try prepared.run(.train, step: step)
      try check("\(backend.device.identifier) \(backend.device.name) \(backend.options)", prepared)
    }
  }
}

extension PreparedProgram {
  /// The images of a buffer in PyTorch's order.
  func images(_ buffer: Buffer) throws -> [Float] {
    let (batch, shape) = buffer.images!
    return ImageLayout.unpack(try floats(buffer), shape, batch: batch)
  }

  /// A parameter in PyTorch's order.
  func parameter(_ buffer: Buffer) throws -> [Float] {
    guard case .parameter(let shape) = buffer.contents else { preconditionFailure("\(buffer.name)") }
    return shape.unpack(try floats(buffer))
  }
}

/// Fails at the first bit that differs.
func expectSameBits(
  _ got: [Float], _ expected: [Float], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(got.count == expected.count, "\(what)", sourceLocation: sourceLocation)
  for (index, (a, b)) in zip(got, expected).enumerated() where a.bitPattern != b.bitPattern {
    let bits = { (x: Float) in "\(x) (0x\(String(x.bitPattern, radix: 16)))" }
    Issue.record(
      "\(what): element \(index) is \(bits(a)), expected \(bits(b))", sourceLocation: sourceLocation)
    return
  }
}
