import Programs

/// A device that was found, and how to open it.
public struct FoundDevice: Sendable {
  /// What it is.
  public let device: DeviceInfo
  /// Opens it: runs its probe, and throws the reason where it is refused.
  public let open: @Sendable () throws -> any Backend

  /// A device and how to open it.
  public init(_ device: DeviceInfo, open: @escaping @Sendable () throws -> any Backend) {
    self.device = device
    self.open = open
  }
}

/// A device that is ready, and why it was taken.
public struct ChosenDevice: Sendable {
  /// The device.
  public let backend: any Backend
  /// One line for people: `asked for`, `no GPU: …`.
  public let reason: String
}

/// How a device fared when it was opened.
public struct DeviceReport: Sendable {
  /// What it is.
  public let device: DeviceInfo
  /// Why it cannot be used; nil where its probe passed.
  public let problem: String?
}

/// The devices of this machine. Nothing is looked for before it is asked for, so a run on the CPU never waits
/// for an OpenCL driver.
public struct DeviceCatalog: Sendable {
  /// Opens the CPU backend.
  private let cpu: @Sendable () throws -> any Backend
  /// Lists the OpenCL devices; throws where there is no OpenCL, saying why.
  private let openCL: @Sendable () throws -> [FoundDevice]

  /// A catalog over any backends; ``init(threads:)`` is the one of this machine.
  public init(
    cpu: @escaping @Sendable () throws -> any Backend,
    openCL: @escaping @Sendable () throws -> [FoundDevice]
  ) {
    self.cpu = cpu
    self.openCL = openCL
  }

  /// Opens the device that `choice` means.
  ///
  /// Throws: ``DeviceError`` where there is none, several have the name, or it is refused.
  public func open(_ choice: DeviceChoice) throws -> ChosenDevice {
    switch choice {
    case .auto: try openBest()
    case .cpu: ChosenDevice(backend: try cpu(), reason: "asked for")
    case .openCL, .openCLDevice: try openNamed(choice, among: try openCLDevices(for: choice))
    case .named(let text): try openNamed(choice, among: try devices(holding: text))
    }
  }

  /// Opens every device of `choices`, or where there are none every device that passes its probe, the CPU
  /// backend first.
  ///
  /// - Parameter skipped: hears of every device that is left out, and why.
  /// - Throws: ``DeviceError`` where a device that was asked for cannot be had.
  public func open(
    _ choices: [DeviceChoice], orAll skipped: (_ name: String, _ reason: String) -> Void
  ) throws -> [any Backend] {
    var backends: [any Backend] = try choices.map { try open($0).backend }
    guard choices.isEmpty else {
      var seen: Set<String> = []
      backends.removeAll { !seen.insert($0.device.identifier).inserted }
      return backends
    }
    backends = [try cpu()]
    do {
      for found in try openCL() {
        do {
          backends.append(try found.open())
        } catch {
          skipped(found.device.title, found.device.reason(error))
        }
      }
    } catch {
      skipped("OpenCL", "\(error)")
    }
    return backends
  }

  /// Opens every device in turn and says how that went; `missing` says why there is no OpenCL device.
  public func reports() -> (devices: [DeviceReport], missing: String?) {
    var reports: [DeviceReport] = []
    do {
      reports.append(DeviceReport(device: try cpu().device, problem: nil))
    } catch {
      let device = DeviceInfo(identifier: "cpu", name: "CPU", kind: .cpu, driver: "", units: 0)
      reports.append(DeviceReport(device: device, problem: "\(error)"))
    }
    do {
      let found = try openCL()
      for candidate in found {
        do {
          reports.append(DeviceReport(device: try candidate.open().device, problem: nil))
        } catch {
          reports.append(DeviceReport(device: candidate.device, problem: candidate.device.reason(error)))
        }
      }
      return (reports, found.isEmpty ? Self.noDevice : nil)
    } catch {
      return (reports, "\(error)")
    }
  }

  private static let noDevice =
    "OpenCL has no device (a driver such as pocl-opencl-icd or your GPU's is missing)"

  /// A GPU whose probe passes, else the CPU backend.
  private func openBest() throws -> ChosenDevice {
    var reasons: [String] = []
    do {
      let found = try openCL()
      for gpu in found where gpu.device.kind == .gpu {
        do {
          let backend = try gpu.open()
          return ChosenDevice(
            backend: backend, reason: (["a GPU whose probe passed"] + reasons).joined(separator: "; "))
        } catch {
          reasons.append("\(gpu.device.title) is refused: \(gpu.device.reason(error))")
        }
      }
      if reasons.isEmpty {
        reasons.append(
          found.isEmpty
            ? Self.noDevice
            : "no GPU among the OpenCL devices (\(found.map(\.device.identifier).joined(separator: ", ")))")
      }
    } catch {
      reasons.append("\(error)")
    }
    return ChosenDevice(backend: try cpu(), reason: "the CPU backend: " + reasons.joined(separator: "; "))
  }

  private func openCLDevices(for choice: DeviceChoice) throws -> [FoundDevice] {
    let found: [FoundDevice]
    do {
      found = try openCL()
    } catch {
      throw DeviceError(.refused, "device '\(choice)' is not to be had: \(error); --device cpu always works")
    }
    guard let first = found.first else {
      throw DeviceError(
        .refused, "device '\(choice)' is not to be had: \(Self.noDevice); --device cpu always works")
    }
    return choice == .openCL ? [first] : found.filter { $0.device.identifier == choice.description }
  }

  private func devices(holding text: String) throws -> [FoundDevice] {
    let cpu = self.cpu
    let all = [FoundDevice(try cpu().device, open: cpu)] + ((try? openCL()) ?? [])
    return all.filter { found in
      let isNamed = [found.device.identifier, found.device.name].contains {
        $0.lowercased().contains(text.lowercased())
      }
      return isNamed
        || found.device.driver.split { " ,".contains($0) }.contains { $0.lowercased() == text.lowercased() }
    }
  }

  private func openNamed(_ choice: DeviceChoice, among found: [FoundDevice]) throws -> ChosenDevice {
    guard let only = found.first else {
      throw DeviceError(
        .usage,
        "no device '\(choice)': this machine has \(list(try known())); expected \(DeviceChoice.allowed)")
    }
    guard found.count == 1 else {
      throw DeviceError(
        .usage, "'\(choice)' means several devices: choose one of \(list(found.map(\.device)))")
    }
    do {
      return ChosenDevice(backend: try only.open(), reason: "asked for")
    } catch {
      throw DeviceError(
        .refused,
        "device \(only.device.title) is refused: \(only.device.reason(error)); "
          + "'facsimile devices' lists the others")
    }
  }

  private func known() throws -> [DeviceInfo] { [try cpu().device] + ((try? openCL()) ?? []).map(\.device) }

  private func list(_ devices: [DeviceInfo]) -> String { devices.map(\.title).joined(separator: ", ") }
}

extension DeviceInfo {
  /// `opencl:0.0 (NVIDIA H100)`
  fileprivate var title: String { "\(identifier) (\(name))" }

  /// What `error` says, without naming the device once more.
  fileprivate func reason(_ error: any Error) -> String {
    let text = "\(error)"
    for prefix in ["\(title) is refused: ", "\(title): "] where text.hasPrefix(prefix) {
      return String(text.dropFirst(prefix.count))
    }
    return text
  }
}
