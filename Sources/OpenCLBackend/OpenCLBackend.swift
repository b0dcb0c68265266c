import Foundation
import Kernels
import Programs
import Synchronization

/// Runs programs on one OpenCL device, to the bits of the numerics contract.
///
/// A device is opened only after it has passed the probe; one that fails is refused with the trap's name and
/// both values.
public final class OpenCLBackend: Backend {
  /// The device.
  public var device: DeviceInfo { openCLDevice.info }
  /// The device and what it says of itself.
  public let openCLDevice: OpenCLDevice
  /// How work is cut up.
  public let options: LaunchOptions
  let context: OpenCLContext
  private let cache: ProgramCache?
  private let program = Mutex<CompiledProgram?>(nil)
  private let sweepProgram = Mutex<CompiledProgram?>(nil)

  /// The devices that are there, and why there are none.
  public static func available() -> OpenCLDiscovery { OpenCLDiscovery.run() }

  /// Opens a device and has it pass the probe.
  ///
  /// - Parameters:
  ///   - device: one of ``available()``.
  ///   - options: how work is cut up; nil: as is usual for the kind of device.
  ///   - settings: where compiled programs are kept.
  /// - Throws: ``OpenCLError`` where OpenCL fails, ``ProbeFailure`` where the device computes other bits.
  public init(
    _ device: OpenCLDevice, options: LaunchOptions? = nil, settings: OpenCLSettings = .environment()
  ) throws {
    if let reason = device.unusable {
      throw OpenCLError(unavailable: "\(device.info.identifier) (\(device.info.name)): \(reason)")
    }
    openCLDevice = device
    self.options = options ?? LaunchOptions(device.info.kind)
    cache = settings.cacheFolder.map(ProgramCache.init)
    context = try OpenCLContext(device)
    try Probe(context, lanes: self.options.lanes, settings: settings, cache: cache).run()
  }

  /// Makes `program` ready; allocates its memory, zeroed.
  ///
  /// - Throws: ``OpenCLError`` with the device's reason.
  public func prepare(_ program: Program) throws -> any PreparedProgram {
    try OpenCLProgram(program, context, try compiled(), options)
  }

  /// The program that all kernels are in, built when it is first asked for.
  func compiled() throws -> CompiledProgram { try compiled(program, KernelSource.operations, buildOptions) }

  /// The program that applies functions to all bit patterns.
  func compiledSweep() throws -> CompiledProgram {
    try compiled(sweepProgram, KernelSource.common, buildOptions + " -D ELEMENTARY_APPLY")
  }

  private func compiled(
    _ program: borrowing Mutex<CompiledProgram?>, _ sources: [KernelSource], _ options: String
  ) throws -> CompiledProgram {
    try program.withLock { program in
      if let program { return program }
      let new = try CompiledProgram(context, KernelPrelude.program(sources), options: options, cache: cache)
      program = new
      return new
    }
  }

  /// Names of kernels that do not come out of the device's compiler; empty where all is well.
  public func missingKernels() throws -> [Kernel] {
    let program = try compiled()
    return Kernel.allCases.filter { kernel in
      guard let handle = context.library.createKernel(program.handle, kernel.rawValue, nil) else {
        return true
      }
      _ = context.library.releaseKernel(handle)
      return false
    }
  }

  /// What the device's compiler is asked for.
  public var buildOptions: String { Self.buildOptions(openCLDevice, lanes: options.lanes) }

  static func buildOptions(_ device: OpenCLDevice, lanes: Int) -> String {
    // The flag promises what the probe then checks; some devices are right without knowing it.
    "-cl-std=CL1.2 -D LANES=\(lanes)"
      + (device.reportsCorrectRounding ? " -cl-fp32-correctly-rounded-divide-sqrt" : "")
  }
}
