import Backends
import Testing

@Suite("What --device may say")
struct DeviceChoiceTests {
  @Test("Texts and their meaning")
  func meaning() throws {
    #expect(try DeviceChoice("auto") == .auto)
    #expect(try DeviceChoice("CPU") == .cpu)
    #expect(try DeviceChoice("opencl") == .openCL)
    #expect(try DeviceChoice("opencl:1.10") == .device("opencl:1.10"))
    #expect(try DeviceChoice("OpenCL:01.0") == .device("opencl:1.0"))
    #expect(try DeviceChoice("H100") == .named("H100"))
    for text in ["auto", "cpu", "opencl", "opencl:3.0", "H100"] {
      #expect(try DeviceChoice(text).description == text)
    }
  }

  @Test(
    "Texts that mean nothing are refused, and say what is expected",
    arguments: ["", " ", "opencl:", "opencl:1", "opencl:1.", "opencl:a.b", "opencl:-1.0", "opencl:0.0.0"])
  func refused(_ text: String) {
    let error = #expect(throws: DeviceError.self) { try DeviceChoice(text) }
    #expect(error?.kind == .usage)
    #expect(error?.description.contains("opencl:PLATFORM.DEVICE") == true)
  }

  @Test("The CPU backend has one device, so it takes no number")
  func cpuNumber() {
    let error = #expect(throws: DeviceError.self) { try DeviceChoice("cpu:0") }
    #expect(error?.kind == .usage && error?.description.contains("expected cpu alone") == true)
  }
}
