/// A device, as its driver describes it.
package struct DeviceInfo: Hashable, Sendable {
  /// Kind of processor.
  package enum Kind: String, Hashable, Sendable, Codable {
    case cpu, gpu, accelerator
  }
  /// The value for `--device`: `cpu`, `opencl:0.0`.
  package let identifier: String
  /// Display name.
  package let name: String
  /// Kind of processor.
  package let kind: Kind
  /// Platform and driver version; empty for the CPU backend.
  package let driver: String
  /// Compute units, or threads.
  package let units: Int
  /// The name of a unit: `compute unit`, `thread`.
  package let unit: String
  /// The platform that it belongs to, as the driver names it; empty if there is none.
  package let platform: String
  /// Its vendor, as the driver names it; empty if it gives none.
  package let vendor: String
  /// Whether the device is a simulator for debugging, such as Oclgrind. It is used only on request.
  package let isSimulator: Bool
  /// Arithmetic that the device does not round as the contract requires, so that the kernels compute it themselves:
  /// `division`, `square root`.
  package var replaced: [String] = []

  /// `1 thread`, `132 compute units`
  package var size: String { "\(units) \(unit)\(units == 1 ? "" : "s")" }

  /// The backend it belongs to: the part of ``identifier`` before the colon.
  package var scheme: String { String(identifier.prefix { $0 != ":" }) }

  /// Facts about a device.
  package init(
    identifier: String, name: String, kind: Kind, driver: String, units: Int,
    unit: String = "compute unit", platform: String = "", vendor: String = "", isSimulator: Bool = false
  ) {
    self.identifier = identifier
    self.name = name
    self.kind = kind
    self.driver = driver
    self.units = units
    self.unit = unit
    self.platform = platform
    self.vendor = vendor
    self.isSimulator = isSimulator
  }
}

/// Runs programs on one device. The numerics contract defines what an operation means; everything that cannot change a
/// bit is up to the backend.
package protocol Backend: Sendable {
  var device: DeviceInfo { get }
  /// Prepares `program` for repeated execution and allocates its memory; persistent buffers start as zeros.
  ///
  /// Throws: an error with the device's reason.
  func prepare(_ program: Program) throws -> any PreparedProgram
}

/// A program on a device, with its memory. Not thread-safe.
package protocol PreparedProgram: AnyObject {
  var program: Program { get }
  /// Copies `bytes` into a persistent buffer, starting at `offset` bytes.
  ///
  /// Throws: ``ProgramError`` of ``Program/checkAccess(to:bytes:at:)``; an error with the device's reason.
  func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer, at offset: Int) throws
  /// Copies out of a persistent buffer, starting at `offset` bytes; waits for all earlier work.
  ///
  /// Throws: as ``write(_:to:at:)``.
  func read(_ buffer: Buffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws
  /// Address of a persistent buffer in this process, for reading and writing while no routine runs; nil if it has none.
  func memory(of buffer: Buffer) -> UnsafeMutableRawPointer?
  /// Starts `routine` with row `step` of the tables. Work runs in the order it was started.
  func run(_ routine: Routine.Name, step: Int) throws
  /// Waits for all work.
  func synchronize() throws
  /// Runs `routine` like ``run(_:step:)``, but waits after each operation, and says how long each took.
  func times(_ routine: Routine.Name, step: Int) throws -> [OperationTime]
}

/// How long operations took that the device computes together; on most devices each is alone.
package struct OperationTime: Sendable {
  /// In the order in which they are computed.
  package let operations: [Operation]
  package let seconds: Double

  package init(_ operations: [Operation], seconds: Double) {
    self.operations = operations
    self.seconds = seconds
  }

  /// Runs `work`, which computes `operations` and waits for them.
  package init(_ operations: [Operation], of work: () throws -> Void) rethrows {
    let began = ContinuousClock.now
    try work()
    self.init(operations, seconds: began.duration(to: .now) / .seconds(1))
  }
}

extension PreparedProgram {
  package func memory(of buffer: Buffer) -> UnsafeMutableRawPointer? { nil }

  /// The whole routine as one.
  package func times(_ routine: Routine.Name, step: Int) throws -> [OperationTime] {
    let operations = program.routine(routine)?.operations ?? []
    return [
      try OperationTime(operations) {
        try run(routine, step: step)
        try synchronize()
      }
    ]
  }

  /// Writes a whole array of 32-bit values or bytes.
  package func write<T: BitwiseCopyable>(_ values: [T], to buffer: Buffer) throws {
    try values.withUnsafeBytes { try write($0, to: buffer, at: 0) }
  }

  /// Reads `count` binary32 values, by default all.
  package func floats(_ buffer: Buffer, count: Int? = nil) throws -> [Float] {
    var values = [Float](repeating: 0, count: count ?? buffer.count)
    try values.withUnsafeMutableBytes { try read(buffer, at: 0, into: $0) }
    return values
  }

  /// Reads all words.
  package func words(_ buffer: Buffer) throws -> [UInt32] {
    var values = [UInt32](repeating: 0, count: buffer.count)
    try values.withUnsafeMutableBytes { try read(buffer, at: 0, into: $0) }
    return values
  }
}
