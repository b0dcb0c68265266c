import Backends
import Programs

/// A device for training and inference: a GPU or another OpenCL device, or the CPU.
///
/// Determinism: every device and any number of threads give the same bits; only speed differs.
public struct Device: Sendable, CustomStringConvertible {
  /// Why this device was chosen: `asked for`, or for `auto` the alternatives.
  public let reason: String
  let backend: any Backend

  /// What ``init(_:threads:)`` accepts for this device on this machine: `cpu`, `opencl:0.0`.
  public var identifier: String { backend.device.identifier }
  /// Display name.
  public var name: String { backend.device.name }
  /// Whether it is a graphics processor.
  public var isGPU: Bool { backend.device.kind == .gpu }
  /// `cpu · AMD EPYC · 2 threads`
  public var description: String { "\(identifier) · \(name) · \(backend.device.size)" }

  package init(_ backend: any Backend, reason: String = "asked for") {
    self.backend = backend
    self.reason = reason
  }

  /// Opens a device and probes its arithmetic.
  ///
  /// - Parameters:
  ///   - choice: `auto` (a GPU whose probe passes, else the CPU), `cpu`, `opencl` (the first OpenCL device),
  ///     `opencl:PLATFORM.DEVICE` as in `opencl:0.0`, or part of a name, platform or vendor.
  ///   - threads: threads of the CPU, 1 to 1024; nil: one per processor.
  /// - Throws: `DeviceError` if there is no such device, several match the name, or it fails its probe.
  public init(_ choice: String = "auto", threads: Int? = nil) throws {
    let chosen = try Self.catalog(threads).open(DeviceChoice(choice))
    self.init(chosen.backend, reason: chosen.reason)
  }

  /// Every device that passes its probe, the CPU first.
  ///
  /// - Parameters:
  ///   - threads: threads of the CPU, 1 to 1024; nil: one per processor.
  ///   - skipped: called for every skipped device, with the reason.
  /// - Throws: `DeviceError` if `threads` is out of range; an error with the reason if this processor cannot run
  ///   the CPU backend.
  public static func all(
    threads: Int? = nil, skipped: (_ name: String, _ reason: String) -> Void = { _, _ in }
  ) throws -> [Device] {
    try catalog(threads).open([], orAll: skipped).map { Device($0, reason: "its probe passed") }
  }

  private static func catalog(_ threads: Int?) throws -> DeviceCatalog {
    guard threads.map({ (1...1024).contains($0) }) ?? true else {
      throw DeviceError(.usage, "threads is \(threads ?? 0): expected a whole number from 1 to 1024")
    }
    return DeviceCatalog(threads: threads)
  }
}
