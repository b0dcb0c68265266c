import COpenCL
import Numerics
import Synchronization

/// A platform or a device that cannot be used, or the whole of OpenCL.
package struct OpenCLGap: Hashable, Sendable {
  /// `opencl` for all of it, `opencl:1` for a platform, `opencl:1.0` for a device.
  package let identifier: String
  /// Its name, if it could be queried.
  package let name: String
  /// Why it cannot be used.
  package let reason: String
}

/// The devices found, and the platforms and devices that cannot be used.
package struct OpenCLDiscovery: Sendable {
  /// All devices of all platforms, in the loader's order.
  package let devices: [OpenCLDevice]
  /// The missing loader, platforms without a device, and failed queries.
  package let gaps: [OpenCLGap]

  /// Why there are no devices, or fewer than expected; nil if there are no gaps.
  package var reason: String? {
    gaps.isEmpty ? nil : gaps.map { "\($0.name): \($0.reason)" }.joined(separator: "; ")
  }

  /// Queries every platform. Never fails: reports why there is no loader, platform or device.
  ///
  /// Only one at a time: loaders and drivers initialise themselves in the first, and have crashed in two at once.
  package static func run() -> OpenCLDiscovery {
    looking.withLock { _ in
      // Loader and drivers are loaded here, and their constructors may change the floating-point mode.
      defer { ArithmeticMode.establish() }
      do {
        return try list(OpenCLLibrary.shared.get())
      } catch {
        return OpenCLDiscovery(devices: [], gaps: [whole("\(error)")])
      }
    }
  }

  private static let looking = Mutex(())

  private static func whole(_ reason: String) -> OpenCLGap {
    OpenCLGap(identifier: "opencl", name: "OpenCL", reason: reason)
  }

  private static func list(_ library: OpenCLLibrary) throws -> OpenCLDiscovery {
    var count: cl_uint = 0
    let status = library.getPlatformIDs(0, nil, &count)
    guard status == CL_SUCCESS, count > 0 else {
      return OpenCLDiscovery(devices: [], gaps: [whole("no OpenCL platform (driver) is installed")])
    }
    var platforms = [OpaquePointer?](repeating: nil, count: Int(count))
    try check(library.getPlatformIDs(count, &platforms, nil), "clGetPlatformIDs")
    var devices: [OpenCLDevice] = []
    var gaps: [OpenCLGap] = []
    for (p, platform) in platforms.enumerated() {
      guard let platform else { continue }
      let names = InfoReader(library.getPlatformInfo, platform, "clGetPlatformInfo")
      let name = (try? names.text(CL_PLATFORM_NAME)) ?? "platform \(p)"
      func note(_ identifier: String, _ reason: String) {
        gaps.append(OpenCLGap(identifier: identifier, name: name, reason: reason))
      }
      do {
        let handles = try deviceHandles(library, platform)
        if handles.isEmpty { note("opencl:\(p)", "the platform has no device") }
        for (d, handle) in handles.enumerated() {
          let identifier = "opencl:\(p).\(d)"
          do {
            devices.append(try OpenCLDevice(library, platform: platform, handle, identifier: identifier))
          } catch {
            note(identifier, "\(error)")
          }
        }
      } catch {
        note("opencl:\(p)", "\(error)")
      }
    }
    return OpenCLDiscovery(devices: devices, gaps: gaps)
  }

  private static func deviceHandles(_ library: OpenCLLibrary, _ platform: OpaquePointer) throws
    -> [OpaquePointer]
  {
    var count: cl_uint = 0
    let status = library.getDeviceIDs(platform, UInt64(CL_DEVICE_TYPE_ALL), 0, nil, &count)
    if status == CL_DEVICE_NOT_FOUND { return [] }
    try check(status, "clGetDeviceIDs")
    if count == 0 { return [] }
    var handles = [OpaquePointer?](repeating: nil, count: Int(count))
    try check(
      library.getDeviceIDs(platform, UInt64(CL_DEVICE_TYPE_ALL), count, &handles, nil), "clGetDeviceIDs")
    return handles.compactMap { $0 }
  }
}
