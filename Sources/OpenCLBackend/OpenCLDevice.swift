import COpenCL
import Programs

/// An OpenCL device and its properties.
///
/// Sendable: the handle lives as long as the process and is only read.
package struct OpenCLDevice: @unchecked Sendable {
  let library: OpenCLLibrary
  let handle: OpaquePointer
  /// Identifier `opencl:P.D`, name, kind, driver and units.
  package let info: DeviceInfo
  /// Version of the driver alone.
  package let driverVersion: String
  /// Version of the platform alone.
  package let platformVersion: String
  /// Whether the device reports support for correctly rounded ÷ and √.
  package let reportsCorrectRounding: Bool
  /// Bytes of the device's memory.
  package let memoryBytes: UInt64
  /// Bytes of the largest buffer.
  package let largestBufferBytes: UInt64
  /// How many work-items a group may have.
  package let groupLimit: GroupLimit
  /// Whether its implementation caches compiled kernels itself, as PoCL does. PoCL compiles a kernel when it is
  /// launched, but for a program's binary it compiles all, launched or not: a first epoch then waits twice as long.
  let keepsKernels: Bool
  /// Why the device cannot be used at all; nil if it can.
  package let unusable: String?

  init(_ library: OpenCLLibrary, platform: OpaquePointer, _ handle: OpaquePointer, identifier: String) throws
  {
    self.library = library
    self.handle = handle
    let get = InfoReader(library.getDeviceInfo, handle, "clGetDeviceInfo")
    let ofPlatform = InfoReader(library.getPlatformInfo, platform, "clGetPlatformInfo")
    let name = try get.text(CL_DEVICE_NAME)
    let vendor = try get.text(CL_DEVICE_VENDOR)
    driverVersion = try get.text(CL_DRIVER_VERSION)
    platformVersion = try ofPlatform.text(CL_PLATFORM_VERSION)
    let platformName = try ofPlatform.text(CL_PLATFORM_NAME)
    let type: UInt64 = try get.value(CL_DEVICE_TYPE)
    let kind: DeviceInfo.Kind =
      type & UInt64(CL_DEVICE_TYPE_GPU) != 0
      ? .gpu : type & UInt64(CL_DEVICE_TYPE_CPU) != 0 ? .cpu : .accelerator
    let units: UInt32 = try get.value(CL_DEVICE_MAX_COMPUTE_UNITS)
    let floats: UInt64 = try get.value(CL_DEVICE_SINGLE_FP_CONFIG)
    reportsCorrectRounding = floats & UInt64(CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0
    memoryBytes = try get.value(CL_DEVICE_GLOBAL_MEM_SIZE)
    largestBufferBytes = try get.value(CL_DEVICE_MAX_MEM_ALLOC_SIZE)
    groupLimit = GroupLimit(
      items: try get.value(CL_DEVICE_MAX_WORK_GROUP_SIZE),
      along: try get.values(CL_DEVICE_MAX_WORK_ITEM_SIZES, count: 3))
    let driver = "\(platformVersion), driver \(driverVersion)"
    info = DeviceInfo(
      identifier: identifier, name: name, kind: kind, driver: driver, units: Int(units),
      platform: platformName, vendor: vendor,
      isSimulator: Self.isSimulator([platformName, vendor, driver, name]))
    keepsKernels = platformName == "Portable Computing Language"
    unusable = try Self.obstacle(get)
  }

  /// Oclgrind reports its device as a GPU (and a CPU, and an accelerator); only the names identify it.
  package static func isSimulator(_ names: [String]) -> Bool {
    names.contains { $0.lowercased().contains("oclgrind") }
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

  /// The first `count` of the sizes of property `name`.
  func values(_ name: Int32, count: Int) throws -> [Int] {
    var size = 0
    try check(function(handle, cl_uint(name), 0, nil, &size), call, "parameter \(name)")
    var values = [Int](repeating: 0, count: Swift.max(size / MemoryLayout<Int>.size, count))
    try check(function(handle, cl_uint(name), size, &values, nil), call, "parameter \(name)")
    return Array(values.prefix(count))
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
