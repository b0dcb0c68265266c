import COpenCL
import Programs

/// An OpenCL device and what it says of itself.
///
/// Sendable: the handle lives as long as the process and is only read.
public struct OpenCLDevice: @unchecked Sendable {
  let library: OpenCLLibrary
  let handle: OpaquePointer
  /// Identifier `opencl:P.D`, name, kind, driver and units.
  public let info: DeviceInfo
  /// The maker's name.
  public let vendor: String
  /// Version of the driver alone.
  public let driverVersion: String
  /// Version of the platform alone.
  public let platformVersion: String
  /// Whether the device says that ÷ and √ can be asked to be correctly rounded.
  public let reportsCorrectRounding: Bool
  /// Bytes of the device's memory.
  public let memoryBytes: UInt64
  /// Bytes of the largest buffer.
  public let largestBufferBytes: UInt64
  /// Why the device cannot be used at all, if so.
  public let unusable: String?

  init(_ library: OpenCLLibrary, platform: OpaquePointer, _ handle: OpaquePointer, identifier: String) throws
  {
    self.library = library
    self.handle = handle
    let get = InfoReader(library.getDeviceInfo, handle, "clGetDeviceInfo")
    let ofPlatform = InfoReader(library.getPlatformInfo, platform, "clGetPlatformInfo")
    let name = try get.text(CL_DEVICE_NAME)
    vendor = try get.text(CL_DEVICE_VENDOR)
    driverVersion = try get.text(CL_DRIVER_VERSION)
    platformVersion = try ofPlatform.text(CL_PLATFORM_VERSION)
    let type: UInt64 = try get.value(CL_DEVICE_TYPE)
    let kind: DeviceInfo.Kind =
      type & UInt64(CL_DEVICE_TYPE_GPU) != 0
      ? .gpu : type & UInt64(CL_DEVICE_TYPE_CPU) != 0 ? .cpu : .accelerator
    let units: UInt32 = try get.value(CL_DEVICE_MAX_COMPUTE_UNITS)
    let floats: UInt64 = try get.value(CL_DEVICE_SINGLE_FP_CONFIG)
    reportsCorrectRounding = floats & UInt64(CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0
    memoryBytes = try get.value(CL_DEVICE_GLOBAL_MEM_SIZE)
    largestBufferBytes = try get.value(CL_DEVICE_MAX_MEM_ALLOC_SIZE)
    info = DeviceInfo(
      identifier: identifier, name: name, kind: kind, driver: "\(platformVersion), driver \(driverVersion)",
      units: Int(units))
    unusable = try Self.obstacle(get)
  }

  private static func obstacle(_ get: InfoReader) throws -> String? {
    let alignmentBits: UInt32 = try get.value(CL_DEVICE_MEM_BASE_ADDR_ALIGN)
    let isLittleEndian: UInt32 = try get.value(CL_DEVICE_ENDIAN_LITTLE)
    let isAvailable: UInt32 = try get.value(CL_DEVICE_AVAILABLE)
    let hasCompiler: UInt32 = try get.value(CL_DEVICE_COMPILER_AVAILABLE)
    if isAvailable == 0 { return "the driver says that it is not available" }
    if hasCompiler == 0 { return "the driver has no compiler" }
    if isLittleEndian == 0 { return "it is not little-endian" }
    if Int(alignmentBits) > 8 * MemoryPlan.alignment {
      return
        "buffers must start at multiples of \(alignmentBits / 8) bytes, at most \(MemoryPlan.alignment) are kept"
    }
    return nil
  }
}

/// The devices that are there, and why there are none.
public struct OpenCLDiscovery: Sendable {
  /// All devices of all platforms, in the loader's order.
  public let devices: [OpenCLDevice]
  /// Why there are none, or why a platform could not be asked; nil where all is well.
  public let reason: String?

  /// Looks at every platform. Never fails: where there is no loader, platform or device, says why.
  public static func run() -> OpenCLDiscovery {
    do {
      return try list(OpenCLLibrary.shared.get())
    } catch {
      return OpenCLDiscovery(devices: [], reason: "\(error)")
    }
  }

  private static func list(_ library: OpenCLLibrary) throws -> OpenCLDiscovery {
    var count: cl_uint = 0
    let status = library.getPlatformIDs(0, nil, &count)
    guard status == CL_SUCCESS, count > 0 else {
      return OpenCLDiscovery(devices: [], reason: "no OpenCL platform (driver) is installed")
    }
    var platforms = [OpaquePointer?](repeating: nil, count: Int(count))
    try check(library.getPlatformIDs(count, &platforms, nil), "clGetPlatformIDs")
    var devices: [OpenCLDevice] = []
    var reasons: [String] = []
    for (p, platform) in platforms.enumerated() {
      guard let platform else { continue }
      do {
        for (d, handle) in try deviceHandles(library, platform).enumerated() {
          devices.append(
            try OpenCLDevice(library, platform: platform, handle, identifier: "opencl:\(p).\(d)"))
        }
      } catch {
        reasons.append("platform \(p): \(error)")
      }
    }
    if devices.isEmpty, reasons.isEmpty { reasons.append("no OpenCL platform has a device") }
    return OpenCLDiscovery(devices: devices, reason: reasons.isEmpty ? nil : reasons.joined(separator: "; "))
  }

  private static func deviceHandles(_ library: OpenCLLibrary, _ platform: OpaquePointer) throws
    -> [OpaquePointer]
  {
    var count: cl_uint = 0
    let status = library.getDeviceIDs(platform, UInt64(CL_DEVICE_TYPE_ALL), 0, nil, &count)
    if status == CL_DEVICE_NOT_FOUND || count == 0 { return [] }
    try check(status, "clGetDeviceIDs")
    var handles = [OpaquePointer?](repeating: nil, count: Int(count))
    try check(
      library.getDeviceIDs(platform, UInt64(CL_DEVICE_TYPE_ALL), count, &handles, nil), "clGetDeviceIDs")
    return handles.compactMap { $0 }
  }
}

/// Reads the facts of an OpenCL object through one of its `clGet…Info` functions.
struct InfoReader {
  let function: OpenCLLibrary.InfoFunction
  let handle: OpaquePointer
  let call: String

  init(_ function: OpenCLLibrary.InfoFunction, _ handle: OpaquePointer, _ call: String) {
    self.function = function
    self.handle = handle
    self.call = call
  }

  func value<T: FixedWidthInteger>(_ name: Int32) throws -> T {
    var value: T = 0
    try check(function(handle, cl_uint(name), MemoryLayout<T>.size, &value, nil), call, "parameter \(name)")
    return value
  }

  func text(_ name: Int32) throws -> String {
    var size = 0
    try check(function(handle, cl_uint(name), 0, nil, &size), call, "parameter \(name)")
    var bytes = [UInt8](repeating: 0, count: size)
    try check(function(handle, cl_uint(name), size, &bytes, nil), call, "parameter \(name)")
    let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    return String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
