import COpenCL
import Numerics

/// An OpenCL failure: the call, its error code, and the context.
package struct OpenCLError: Error, CustomStringConvertible, Hashable, Sendable {
  /// The call that failed, empty if there was none.
  package let call: String
  /// OpenCL's error code, 0 if there was no call.
  package let code: Int32
  /// The device, if one was chosen.
  package let device: String?
  /// Kernel and sizes, argument or buffer.
  package let details: String?
  /// The compiler's output, if a program did not build.
  package let buildLog: String?

  init(_ call: String, _ code: Int32, device: String? = nil, details: String? = nil, buildLog: String? = nil)
  {
    self.call = call
    self.code = code
    self.device = device
    self.details = details
    self.buildLog = buildLog
  }

  /// No call failed, but there is nothing to run on.
  init(unavailable reason: String) { self.init("", 0, details: reason) }

  /// The symbolic name of ``code``.
  package var name: String { Self.name(code) }

  static func name(_ code: Int32) -> String { names[code] ?? "error \(code)" }

  /// One line, followed by the build log on separate lines.
  package var description: String {
    var text = call.isEmpty ? details ?? "OpenCL is not available" : "\(call) failed with \(name) (\(code))"
    if !call.isEmpty, let details { text += ": \(details)" }
    if let device { text += " on \(device)" }
    if let hint = Self.hints[code], !call.isEmpty { text += "; \(hint)" }
    if let buildLog, !buildLog.isEmpty { text += "\n\(buildLog)" }
    return text
  }

  private static let hints: [Int32: String] = [
    -4: "a smaller batch needs less memory", -5: "a smaller batch needs less memory",
    -61: "a smaller batch needs less memory",
  ]

  private static let names: [Int32: String] = [
    -1: "CL_DEVICE_NOT_FOUND", -2: "CL_DEVICE_NOT_AVAILABLE", -3: "CL_COMPILER_NOT_AVAILABLE",
    -4: "CL_MEM_OBJECT_ALLOCATION_FAILURE", -5: "CL_OUT_OF_RESOURCES", -6: "CL_OUT_OF_HOST_MEMORY",
    -7: "CL_PROFILING_INFO_NOT_AVAILABLE", -8: "CL_MEM_COPY_OVERLAP", -9: "CL_IMAGE_FORMAT_MISMATCH",
    -10: "CL_IMAGE_FORMAT_NOT_SUPPORTED", -11: "CL_BUILD_PROGRAM_FAILURE", -12: "CL_MAP_FAILURE",
    -13: "CL_MISALIGNED_SUB_BUFFER_OFFSET", -14: "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST",
    -15: "CL_COMPILE_PROGRAM_FAILURE", -16: "CL_LINKER_NOT_AVAILABLE", -17: "CL_LINK_PROGRAM_FAILURE",
    -18: "CL_DEVICE_PARTITION_FAILED", -19: "CL_KERNEL_ARG_INFO_NOT_AVAILABLE", -30: "CL_INVALID_VALUE",
    -31: "CL_INVALID_DEVICE_TYPE", -32: "CL_INVALID_PLATFORM", -33: "CL_INVALID_DEVICE",
    -34: "CL_INVALID_CONTEXT", -35: "CL_INVALID_QUEUE_PROPERTIES", -36: "CL_INVALID_COMMAND_QUEUE",
    -37: "CL_INVALID_HOST_PTR", -38: "CL_INVALID_MEM_OBJECT", -39: "CL_INVALID_IMAGE_FORMAT_DESCRIPTOR",
    -40: "CL_INVALID_IMAGE_SIZE", -41: "CL_INVALID_SAMPLER", -42: "CL_INVALID_BINARY",
    -43: "CL_INVALID_BUILD_OPTIONS", -44: "CL_INVALID_PROGRAM", -45: "CL_INVALID_PROGRAM_EXECUTABLE",
    -46: "CL_INVALID_KERNEL_NAME", -47: "CL_INVALID_KERNEL_DEFINITION", -48: "CL_INVALID_KERNEL",
    -49: "CL_INVALID_ARG_INDEX", -50: "CL_INVALID_ARG_VALUE", -51: "CL_INVALID_ARG_SIZE",
    -52: "CL_INVALID_KERNEL_ARGS", -53: "CL_INVALID_WORK_DIMENSION", -54: "CL_INVALID_WORK_GROUP_SIZE",
    -55: "CL_INVALID_WORK_ITEM_SIZE", -56: "CL_INVALID_GLOBAL_OFFSET", -57: "CL_INVALID_EVENT_WAIT_LIST",
    -58: "CL_INVALID_EVENT", -59: "CL_INVALID_OPERATION", -60: "CL_INVALID_GL_OBJECT",
    -61: "CL_INVALID_BUFFER_SIZE", -62: "CL_INVALID_MIP_LEVEL", -63: "CL_INVALID_GLOBAL_WORK_SIZE",
    -64: "CL_INVALID_PROPERTY", -65: "CL_INVALID_IMAGE_DESCRIPTOR", -66: "CL_INVALID_COMPILER_OPTIONS",
    -67: "CL_INVALID_LINKER_OPTIONS", -68: "CL_INVALID_DEVICE_PARTITION_COUNT",
    -1001: "CL_PLATFORM_NOT_FOUND_KHR",
  ]
}

/// Throws an ``OpenCLError`` unless `code` is success.
///
/// Also restores the contract's floating-point mode, which a driver may have changed in the call.
func check(
  _ code: Int32, _ call: String, device: String? = nil, _ details: @autoclosure () -> String? = nil
) throws {
  ArithmeticMode.establish()
  if code != CL_SUCCESS { throw OpenCLError(call, code, device: device, details: details()) }
}
