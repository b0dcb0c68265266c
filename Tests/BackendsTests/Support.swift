import Backends
import Programs

/// A device that has only a name.
struct FakeBackend: Backend {
  let device: DeviceInfo

  init(
    _ identifier: String, _ name: String, _ kind: DeviceInfo.Kind = .cpu, driver: String = "",
    platform: String = "", vendor: String = "", isSimulator: Bool = false
  ) {
    device = DeviceInfo(
      identifier: identifier, name: name, kind: kind, driver: driver, units: 1, platform: platform,
      vendor: vendor, isSimulator: isSimulator)
  }

  func prepare(_ program: Program) throws -> any PreparedProgram { throw Refusal("nothing runs here") }

  /// The device as found, ready or refused.
  func found(refused reason: String? = nil) -> FoundDevice {
    let backend = self
    return FoundDevice(device) {
      if let reason { throw Refusal(reason) }
      return backend
    }
  }
}

/// An artificial error.
struct Refusal: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

let openCLScheme = DeviceScheme("opencl", numbers: ["PLATFORM", "DEVICE"])

let cpuProvider = BackendProvider(DeviceScheme("cpu"), name: "CPU", hint: "no processor") {
  DeviceSurvey([FakeBackend("cpu", "Xeon Gold").found()])
}

func openCLProvider(_ survey: @escaping @Sendable () -> DeviceSurvey) -> BackendProvider {
  BackendProvider(openCLScheme, name: "OpenCL", hint: "OpenCL has no device", survey: survey)
}

/// A catalog with a CPU backend, these OpenCL devices, and platforms without one.
func catalog(_ devices: [FoundDevice], gaps: [DeviceGap] = []) -> DeviceCatalog {
  DeviceCatalog([cpuProvider, openCLProvider { DeviceSurvey(devices, gaps: gaps) }])
}

/// A catalog of a machine without OpenCL.
func catalog(withoutOpenCL reason: String) -> DeviceCatalog {
  catalog([], gaps: [DeviceGap(identifier: "opencl", name: "OpenCL", reason: reason)])
}

let pocl = FakeBackend("opencl:0.0", "cpu-haswell-Xeon Gold", driver: "PoCL 5.0 None+Asserts, driver 5.0")
let h100 = FakeBackend("opencl:1.0", "NVIDIA H100", .gpu, driver: "OpenCL 3.0 CUDA, driver 570")
let second = FakeBackend("opencl:1.1", "NVIDIA H100", .gpu, driver: "OpenCL 3.0 CUDA, driver 570")
let intel = FakeBackend(
  "opencl:2.0", "AMD EPYC", driver: "OpenCL 3.0 LINUX, driver 2024", platform: "Intel(R) OpenCL",
  vendor: "Intel(R) Corporation")
let oclgrind = FakeBackend(
  "opencl:3.0", "Oclgrind Simulator", .gpu, platform: "Oclgrind", vendor: "University of Bristol",
  isSimulator: true)
