import Facsimile
import Testing

@Suite("Devices through the library")
struct DeviceTests {
  @Test("The CPU is there, and says why it was taken")
  func cpu() throws {
    let device = try Device("cpu", threads: 2)
    #expect(
      device.identifier == "cpu" && device.reason == "asked for" && !device.isGPU && !device.name.isEmpty)
    #expect(device.description == "cpu · \(device.name) · 2 threads")
    #expect(try !Device().reason.isEmpty)
    #expect(try Device.all(threads: 1).first?.identifier == "cpu")
  }

  @Test("Unknown devices are refused with one line", arguments: ["", "no such device", "opencl:x", "cpu:1"])
  func refused(_ choice: String) {
    #expect(throws: DeviceError.self) { try Device(choice) }
  }

  @Test("Invalid numbers of threads are refused", arguments: [0, -1, 1025])
  func threads(_ count: Int) {
    #expect(throws: DeviceError.self) { try Device("cpu", threads: count) }
    #expect(throws: DeviceError.self) { try Device.all(threads: count) }
  }
}
