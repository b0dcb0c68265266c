import Backends
import Programs
import Testing

@Suite("Choosing a device")
struct DeviceCatalogTests {
  private func chosen(_ text: String, _ catalog: DeviceCatalog) throws -> (identifier: String, reason: String)
  {
    let chosen = try catalog.open(DeviceChoice(text))
    return (chosen.backend.device.identifier, chosen.reason)
  }

  private func error(_ text: String, _ catalog: DeviceCatalog) throws -> DeviceError? {
    #expect(throws: DeviceError.self) { try catalog.open(DeviceChoice(text)) }
  }

  @Test("auto takes the first GPU whose probe passes")
  func autoGPU() throws {
    let first = try chosen("auto", catalog([pocl.found(), h100.found()]))
    #expect(first.identifier == "opencl:1.0")
    let next = try chosen("auto", catalog([h100.found(refused: "contraction differs"), second.found()]))
    #expect(next.identifier == "opencl:1.1")
    #expect(next.reason.contains("contraction differs"))
  }

  @Test("auto falls back to the CPU backend, and says why")
  func autoCPU() throws {
    let refused = try chosen("auto", catalog([h100.found(refused: "trap fma: got 0x1")]))
    #expect(refused.identifier == "cpu" && refused.reason.contains("trap fma: got 0x1"))
    let none = try chosen("auto", catalog([pocl.found()]))
    #expect(none.identifier == "cpu" && none.reason.contains("no GPU among the OpenCL devices (opencl:0.0)"))
    let without = try chosen("auto", catalog(withoutOpenCL: "no OpenCL library is installed"))
    #expect(without.identifier == "cpu" && without.reason.contains("no OpenCL library"))
    #expect(try chosen("auto", catalog([])).reason.contains("OpenCL has no device"))
  }

  @Test("auto never takes a simulator, and says so")
  func autoSimulator() throws {
    let alone = try chosen("auto", catalog([oclgrind.found()]))
    #expect(alone.identifier == "cpu")
    #expect(alone.reason.contains("opencl:3.0 (Oclgrind Simulator) is a simulator"))
    let beside = try chosen("auto", catalog([oclgrind.found(), h100.found()]))
    #expect(beside.identifier == "opencl:1.0" && beside.reason.contains("is a simulator"))
    #expect(try chosen("oclgrind", catalog([oclgrind.found()])).identifier == "opencl:3.0")
  }

  @Test("A platform's name and its maker's lead to the device, whatever that calls itself")
  func platforms() throws {
    let both = catalog([pocl.found(), intel.found()])
    #expect(try chosen("intel", both).identifier == "opencl:2.0")
    #expect(try chosen("Intel(R) Corp", both).identifier == "opencl:2.0")
    #expect(try chosen("EPYC", both).identifier == "opencl:2.0")
  }

  @Test("Platforms without a device are named where a device is missed")
  func gaps() throws {
    let gap = DeviceGap(identifier: "opencl:1", name: "Intel(R) OpenCL", reason: "it has no device")
    let text = "opencl:1 (Intel(R) OpenCL): it has no device"
    #expect(try error("intel", catalog([pocl.found()], gaps: [gap]))?.description.contains(text) == true)
    #expect(try error("opencl", catalog([], gaps: [gap]))?.description.contains(text) == true)
    #expect(try chosen("auto", catalog([], gaps: [gap])).reason.contains(text))
    let reports = catalog([pocl.found()], gaps: [gap]).reports()
    #expect(reports.devices.count == 2 && reports.gaps == [gap])
  }

  @Test("A third backend is one more provider")
  func third() throws {
    let metal = BackendProvider(DeviceScheme("metal", numbers: ["DEVICE"]), name: "Metal", hint: "no Metal") {
      DeviceSurvey([FakeBackend("metal:0", "M3", .gpu).found(), FakeBackend("metal:1", "M4", .gpu).found()])
    }
    let catalog = DeviceCatalog([cpuProvider, openCLProvider { DeviceSurvey([]) }, metal])
    func identifier(_ text: String) throws -> String {
      try catalog.open(DeviceChoice(text, schemes: catalog.schemes)).backend.device.identifier
    }
    #expect(try identifier("metal") == "metal:0")
    #expect(try identifier("metal:1") == "metal:1")
    #expect(try identifier("m4") == "metal:1")
    #expect(try identifier("auto") == "metal:0")
    #expect(try catalog.open([]) { _, _ in }.map(\.device.identifier) == ["cpu", "metal:0", "metal:1"])
    let error = #expect(throws: DeviceError.self) { try identifier("metal:1.0") }
    #expect(error?.description.contains("expected metal:DEVICE, as in metal:0") == true)
  }

  @Test("Devices by identifier, by part of a name, or by a word of the driver's")
  func named() throws {
    let both = catalog([pocl.found(), h100.found(), second.found()])
    #expect(try chosen("opencl", both).identifier == "opencl:0.0")
    #expect(try chosen("opencl:1.1", both).identifier == "opencl:1.1")
    #expect(try chosen("haswell", both).identifier == "opencl:0.0")
    #expect(try chosen("pocl", both).identifier == "opencl:0.0")
    #expect(try error("h100", both)?.description.contains("opencl:1.0 (NVIDIA H100), opencl:1.1") == true)
    #expect(try error("radeon", both)?.kind == .usage)
    #expect(try error("none", both)?.kind == .usage)
    #expect(try error("opencl:7.0", both)?.description.contains("this machine has cpu (Xeon Gold)") == true)
  }

  @Test("A device that fails its probe is refused with the reason, even if asked for")
  func refused() throws {
    let error = try error("h100", catalog([h100.found(refused: "trap denormals: got 0, expected 1")]))
    #expect(error?.kind == .refused)
    #expect(error?.description.contains("trap denormals: got 0, expected 1") == true)
    let without = try self.error("opencl", catalog(withoutOpenCL: "no OpenCL library is installed"))
    #expect(without?.kind == .refused && without?.description.contains("--device cpu always works") == true)
  }

  @Test("--device cpu looks for no OpenCL")
  func lazy() throws {
    let openCL = openCLProvider {
      Issue.record("OpenCL was looked for")
      return DeviceSurvey([])
    }
    let catalog = DeviceCatalog([cpuProvider, openCL])
    #expect(try catalog.open(.cpu).backend.device.identifier == "cpu")
  }

  @Test("Without names every device that passes is opened, and the others are named")
  func all() throws {
    var left: [String] = []
    let backends = try catalog([pocl.found(), h100.found(refused: "bits differ")]).open([]) { name, reason in
      left.append("\(name): \(reason)")
    }
    #expect(backends.map(\.device.identifier) == ["cpu", "opencl:0.0"])
    #expect(left == ["opencl:1.0 (NVIDIA H100): bits differ"])
    #expect(try catalog([oclgrind.found()]).open([]) { left.append("\($0): \($1)") }.count == 1)
    #expect(left.last?.contains("Oclgrind Simulator): it is a simulator") == true)
    let twice = try catalog([pocl.found()]).open([.cpu, .openCL, .cpu]) { _, _ in }
    #expect(twice.map(\.device.identifier) == ["cpu", "opencl:0.0"])
  }

  @Test("Reports say of every device whether it passed, and if not, why")
  func reports() {
    let (devices, gaps) = catalog([pocl.found(), h100.found(refused: "bits differ")]).reports()
    #expect(devices.map(\.problem) == [nil, nil, "bits differ"])
    #expect(gaps.isEmpty)
    #expect(catalog(withoutOpenCL: "no library").reports().gaps.map(\.reason) == ["no library"])
    #expect(catalog([]).reports().gaps.map(\.reason) == ["OpenCL has no device"])
  }

  @Test("This machine's CPU backend opens")
  func thisMachine() throws {
    #expect(try DeviceCatalog(threads: 1).open(.cpu).backend.device.units == 1)
  }
}
