import Foundation
import Kernels
import Programs
import Synchronization

/// Runs programs on one OpenCL device, to the bits of the numerics contract.
///
/// A device is opened only after it has passed the probe; one that fails is refused with the trap's name and
/// both values.
package final class OpenCLBackend: Backend {
  /// The device.
  package var device: DeviceInfo {
    var info = openCLDevice.info
    info.replaced = replacements.names
    return info
  }
  /// The device and what it says of itself.
  package let openCLDevice: OpenCLDevice
  /// How work is cut up.
  package let options: LaunchOptions
  /// What of the device's arithmetic the kernels do themselves.
  package let replacements: Replacements
  let context: OpenCLContext
  private let cache: ProgramCache?
  private let settings: OpenCLSettings
  /// What was built, by the compiler's options.
  private let programs = Mutex<[String: CompiledProgram]>([:])

  /// The devices that are there, and why there are none.
  package static func available() -> OpenCLDiscovery { OpenCLDiscovery.run() }

  /// Opens a device and has it pass the probe.
  ///
  /// - Parameters:
  ///   - device: one of ``available()``.
  ///   - options: how work is cut up; nil: as is usual for the kind of device.
  ///   - settings: where compiled programs are kept.
  /// - Throws: ``OpenCLError`` where OpenCL fails, ``ProbeFailure`` where the device computes other bits.
  package init(
    _ device: OpenCLDevice, options: LaunchOptions? = nil, settings: OpenCLSettings = .environment()
  ) throws {
    if let reason = device.unusable {
      throw OpenCLError(unavailable: "\(device.info.identifier) (\(device.info.name)): \(reason)")
    }
    openCLDevice = device
    self.settings = settings
    cache = settings.cacheFolder.map(ProgramCache.init)
    context = try OpenCLContext(device, settings)
    let fitted = (options ?? LaunchOptions(device.info.kind)).fitted(to: context.groupLimit)
    do {
      replacements = try Self.probe(context, fitted, settings, cache)
      self.options = fitted
    } catch is LanesDoNotFit {
      self.options = fitted.inVectors
      replacements = try Self.probe(context, self.options, settings, cache)
    }
  }

  private static func probe(
    _ context: OpenCLContext, _ options: LaunchOptions, _ settings: OpenCLSettings, _ cache: ProgramCache?
  ) throws -> Replacements {
    try Probe(context, lanes: options.lanes, settings: settings, cache: cache).run()
  }

  /// Makes `program` ready; allocates its memory, zeroed.
  ///
  /// Where the device has images as work-items but cannot run one of the kernels in groups of eight, the whole
  /// program takes vectors of images instead, which have passed the probe as well.
  ///
  /// - Throws: ``OpenCLError`` with the device's reason; ``ProgramError`` where an operation works on buffers that
  ///   are not the program's.
  package func prepare(_ program: Program) throws -> any PreparedProgram {
    try program.checkBuffers()
    do {
      return try OpenCLProgram(program, context, try compiled(options, replacements), options)
    } catch is LanesDoNotFit {
      let options = options.inVectors
      let replacements = try Self.probe(context, options, settings, cache)
      return try OpenCLProgram(program, context, try compiled(options, replacements), options)
    }
  }

  /// The program that all kernels are in, built when it is first asked for.
  private func compiled(_ options: LaunchOptions, _ replacements: Replacements) throws -> CompiledProgram {
    try compiled(
      KernelSource.operations, Self.buildOptions(openCLDevice, lanes: options.lanes, replacements))
  }

  /// The program that applies functions to all bit patterns.
  func compiledSweep() throws -> CompiledProgram {
    try compiled(KernelSource.common, buildOptions + " -D ELEMENTARY_APPLY")
  }

  private func compiled(_ sources: [KernelSource], _ options: String) throws -> CompiledProgram {
    try programs.withLock { programs in
      if let program = programs[options] { return program }
      let new = try CompiledProgram(
        context, KernelPrelude.program(sources), options: options,
        cache: settings.keepsPrograms ?? !openCLDevice.keepsKernels ? cache : nil)
      programs[options] = new
      return new
    }
  }

  /// Names of kernels that do not come out of the device's compiler; empty where all is well.
  package func missingKernels() throws -> [Kernel] {
    let program = try compiled(options, replacements)
    return Kernel.allCases.filter { kernel in
      guard let handle = context.library.createKernel(program.handle, kernel.rawValue, nil) else {
        return true
      }
      _ = context.library.releaseKernel(handle)
      return false
    }
  }

  /// What the device's compiler is asked for.
  package var buildOptions: String {
    Self.buildOptions(openCLDevice, lanes: options.lanes, replacements)
  }

  static func buildOptions(_ device: OpenCLDevice, lanes: Int, _ replacements: Replacements) -> String {
    // The flag promises what the probe then checks; some devices are right without knowing it.
    // Without warnings: PoCL prints how many there were (of how vectors are passed), though not which.
    "-cl-std=CL1.2 -w -D LANES=\(lanes)" + replacements.buildOptions
      + (device.reportsCorrectRounding ? " -cl-fp32-correctly-rounded-divide-sqrt" : "")
      // Oclgrind optimises conv2d_forward and linear_forward into what its interpreter does not know.
      + (device.info.isSimulator ? " -cl-opt-disable" : "")
  }
}
