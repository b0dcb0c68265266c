import Backends
import Programs

/// A device that is only a name.
struct FakeBackend: Backend {
  let device: DeviceInfo

  init(_ identifier: String, _ name: String, _ kind: DeviceInfo.Kind = .cpu, driver: String = "") {
    device = DeviceInfo(identifier: identifier, name: name, kind: kind, driver: driver, units: 1)
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

/// A reason made on purpose.
struct Refusal: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A catalog with a CPU backend and these OpenCL devices.
func catalog(_ devices: [FoundDevice]) -> DeviceCatalog {
  DeviceCatalog(cpu: { FakeBackend("cpu", "Xeon Gold") }, openCL: { devices })
}

/// A catalog of a machine without OpenCL.
func catalog(withoutOpenCL reason: String) -> DeviceCatalog {
  DeviceCatalog(cpu: { FakeBackend("cpu", "Xeon Gold") }, openCL: { throw Refusal(reason) })
}

let pocl = FakeBackend("opencl:0.0", "cpu-haswell-Xeon Gold", driver: "PoCL 5.0 None+Asserts, driver 5.0")
let h100 = FakeBackend("opencl:1.0", "NVIDIA H100", .gpu, driver: "OpenCL 3.0 CUDA, driver 570")
let second = FakeBackend("opencl:1.1", "NVIDIA H100", .gpu, driver: "OpenCL 3.0 CUDA, driver 570")
