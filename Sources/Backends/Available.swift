import CPUBackend
import OpenCLBackend
import Programs

extension DeviceCatalog {
  /// The devices of this machine. A new backend is an element of this list; the first is what `auto` falls back to.
  ///
  /// - Parameter threads: threads of the CPU backend; nil: ``defaultThreads``.
  package init(threads: Int? = nil) {
    self.init([.cpu(threads: threads), .openCL])
  }

  /// Default number of threads of the CPU backend and of work on the host: one per processor that this
  /// process may use.
  package static var defaultThreads: Int { ProcessorShare.here.threads }

  /// The same for one of several processes that work together on this machine, each of which may already be bound to
  /// its own processors.
  package static func defaultThreads(sharedBy processes: Int) -> Int {
    let share = ProcessorShare.here
    return share.allowed < share.processors ? share.threads : max(share.threads / processes, 1)
  }
}

extension BackendProvider {
  /// The CPU backend: one device, which always exists.
  fileprivate static func cpu(threads: Int?) -> BackendProvider {
    BackendProvider(DeviceScheme("cpu"), name: "CPU", hint: "this processor cannot run the CPU backend") {
      let backend = Result { try CPUBackend(threads: threads) }
      let device = (try? backend.get().device) ?? CPUBackend.unopened
      return DeviceSurvey([FoundDevice(device) { try backend.get() }])
    }
  }

  /// Every device of every OpenCL platform.
  fileprivate static let openCL = BackendProvider(
    DeviceScheme("opencl", numbers: ["PLATFORM", "DEVICE"]), name: "OpenCL",
    hint: "OpenCL has no device (a driver such as pocl-opencl-icd or your GPU's is missing)"
  ) {
    let discovery = OpenCLDiscovery.run()
    return DeviceSurvey(
      discovery.devices.map { device in FoundDevice(device.info) { try OpenCLBackend(device) } },
      gaps: discovery.gaps.map { DeviceGap(identifier: $0.identifier, name: $0.name, reason: $0.reason) })
  }
}
