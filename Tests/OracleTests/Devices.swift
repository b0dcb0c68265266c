import CPUBackend
import OpenCLBackend
import Programs
import Testing

/// A device as an argument of a test.
struct Device: Sendable, CustomTestStringConvertible {
  let backend: any Backend
  var testDescription: String { "\(backend.device.identifier) (\(backend.device.name))" }

  /// What every test here runs on: the CPU, and every OpenCL device that its probe lets through.
  static let all: [Device] = {
    let openCL: [any Backend] = OpenCLBackend.available().devices.compactMap { try? OpenCLBackend($0) }
    do {
      return ([try CPUBackend(threads: 2)] + openCL).map(Device.init)
    } catch {
      preconditionFailure("\(error)")
    }
  }()
}
