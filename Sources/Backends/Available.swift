import CPUBackend
import OpenCLBackend
import Programs

extension DeviceCatalog {
  /// The devices of this machine. A new backend is a line here.
  ///
  /// - Parameter threads: threads of the CPU backend; nil: one a processor.
  public init(threads: Int? = nil) {
    self.init(cpu: { try CPUBackend(threads: threads) }, openCL: Self.openCLDevices)
  }

  @Sendable private static func openCLDevices() throws -> [FoundDevice] {
    let discovery = OpenCLDiscovery.run()
    if discovery.devices.isEmpty, let reason = discovery.reason { throw DeviceError(.refused, reason) }
    return discovery.devices.map { device in
      FoundDevice(device.info) { try OpenCLBackend(device) }
    }
  }
}
