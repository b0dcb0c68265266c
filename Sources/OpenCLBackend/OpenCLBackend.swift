import Foundation
import Kernels
import Programs
import Synchronization

/// Runs programs on one OpenCL device, with the bits of the numerics contract.
///
/// A device is opened only if it passes the probe; one that fails is rejected with the trap's name and both values.
package final class OpenCLBackend: Backend {
  /// The device.
  package var device: DeviceInfo {
    var info = openCLDevice.info
    info.replaced = replacements.names
    return info
  }
  /// The device and its properties.
  package let openCLDevice: OpenCLDevice
  /// How work is divided.
  package let options: LaunchOptions
  /// The device's arithmetic that the kernels replace.
  package let replacements: Replacements
  let context: OpenCLContext
  private let cache: ProgramCache?
  private let settings: OpenCLSettings
  /// The programs built so far, by compiler options.
  private let programs = Mutex<[String: CompiledProgram]>([:])

  /// The devices of this machine, or why there are none.
  package static func available() -> OpenCLDiscovery { OpenCLDiscovery.run() }

  /// Opens and probes a device.
  ///
  /// - Parameters:
  ///   - device: one of ``available()``.
  ///   - options: how work is divided; nil: the default for the kind of device.
  ///   - settings: where compiled programs are cached.
  /// - Throws: ``OpenCLError`` if OpenCL fails, ``ProbeFailure`` if the device computes other bits.
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

  /// Prepares `program`; allocates its memory, zeroed.
  ///
  /// If images are work-items on the device but it cannot run one of the kernels in groups of eight, the whole program
  /// uses vectors of images instead, which must pass the probe as well.
  ///
  /// - Throws: ``OpenCLError`` with the device's reason; ``ProgramError`` if an operation uses buffers that are not the
  ///   program's.
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

  /// The program with all kernels, built on first use.
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

  /// Names of kernels that the device's compiler fails to produce; empty if there are none.
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

  /// The options for the device's compiler.
  package var buildOptions: String {
    Self.buildOptions(openCLDevice, lanes: options.lanes, replacements)
  }

  static func buildOptions(_ device: OpenCLDevice, lanes: Int, _ replacements: Replacements) -> String {
    // The flag requests what the probe then checks; some devices round correctly without reporting it. Warnings are
    // off: PoCL prints how many there were (about passing vectors), but not which.
    "-cl-std=CL1.2 -w -D LANES=\(lanes)" + replacements.buildOptions
      + (device.reportsCorrectRounding ? " -cl-fp32-correctly-rounded-divide-sqrt" : "")
      // Oclgrind optimises conv2d_forward and linear_forward into instructions that its interpreter lacks.
      + (device.info.isSimulator ? " -cl-opt-disable" : "")
  }
}
