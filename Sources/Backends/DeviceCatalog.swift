import Programs

/// An opened device, and why it was chosen.
package struct ChosenDevice: Sendable {
  /// The device.
  package let backend: any Backend
  /// A one-line reason: `asked for`, `no GPU: …`.
  package let reason: String
}

/// The devices of this machine. Discovery is lazy, so a run on the
/// CPU never waits for an OpenCL driver.
package struct DeviceCatalog: Sendable {
  private let providers: [BackendProvider]

  /// A catalog of any backends; ``init(threads:)`` is the one of this machine.
  ///
  /// - Parameter providers: at least one; the first is what ``DeviceChoice/auto`` falls back to.
  package init(_ providers: [BackendProvider]) { self.providers = providers }

  /// How the devices of each backend are named.
  package var schemes: [DeviceScheme] { providers.map(\.scheme) }

  /// Opens the device that `choice` names.
  ///
  /// Throws: ``DeviceError`` if there is none, the name is ambiguous, or the device is refused.
  package func open(_ choice: DeviceChoice) throws -> ChosenDevice {
    switch choice {
    case .auto: try openBest()
    case .first(let scheme):
      try open(choice, among: (try devices(of: scheme, for: choice)).prefix(1).map(\.self))
    case .device(let identifier):
      try open(
        choice,
        among: (try devices(of: String(identifier.prefix { $0 != ":" }), for: choice)).filter {
          $0.device.identifier == identifier
        })
    case .named(let text): try open(choice, among: all().filter { $0.device.answers(to: text) })
    }
  }

  /// Opens every device of `choices`, or if it is empty, every device that passes its probe, the first backend's first.
  ///
  /// - Parameter skipped: called for every skipped device, with the reason.
  /// - Throws: ``DeviceError`` if a requested device is not available, or the first backend's error if
  ///   it cannot run here.
  package func open(
    _ choices: [DeviceChoice], orAll skipped: (_ name: String, _ reason: String) -> Void
  ) throws -> [any Backend] {
    var backends: [any Backend] = try choices.map { try open($0).backend }
    guard choices.isEmpty else {
      var seen: Set<String> = []
      backends.removeAll { !seen.insert($0.device.identifier).inserted }
      return backends
    }
    for (index, provider) in providers.enumerated() {
      let survey = provider.survey()
      for found in survey.devices {
        if found.device.isSimulator {
          skipped(found.device.title, "it is a simulator: --device \(found.device.identifier) takes it")
          continue
        }
        do {
          backends.append(try found.open())
        } catch {
          if index == 0 { throw error }
          skipped(found.device.title, found.device.reason(error))
        }
      }
      for gap in provider.gaps(survey) { skipped(gap.title, gap.reason) }
    }
    return backends
  }

  /// A GPU that passes its probe, otherwise the first backend's device.
  private func openBest() throws -> ChosenDevice {
    var reasons: [String] = []
    for provider in providers.dropFirst() {
      let survey = provider.survey()
      let before = reasons.count
      for gpu in survey.devices where gpu.device.kind == .gpu {
        if gpu.device.isSimulator {
          reasons.append("\(gpu.device.title) is a simulator")
          continue
        }
        do {
          return ChosenDevice(
            backend: try gpu.open(),
            reason: (["a GPU whose probe passed"] + reasons).joined(separator: "; "))
        } catch {
          reasons.append("\(gpu.device.title) is refused: \(gpu.device.reason(error))")
        }
      }
      if reasons.count > before { continue }
      let names = survey.devices.map(\.device.identifier).joined(separator: ", ")
      reasons.append(
        survey.devices.isEmpty
          ? provider.absence(survey) : "no GPU among the \(provider.name) devices (\(names))")
    }
    guard let fallback = providers.first, let only = fallback.survey().devices.first else {
      throw DeviceError(.refused, "no device to run on: \(reasons.joined(separator: "; "))")
    }
    return ChosenDevice(
      backend: try only.open(),
      reason: "the \(fallback.name) backend: " + reasons.joined(separator: "; "))
  }

  private func devices(of scheme: String, for choice: DeviceChoice) throws -> [FoundDevice] {
    guard let provider = providers.first(where: { $0.scheme.name == scheme }) else { return [] }
    let survey = provider.survey()
    if survey.devices.isEmpty {
      let other = providers.first.map { "; --device \($0.scheme.name) always works" } ?? ""
      throw DeviceError(
        .refused, "device '\(choice)' is not available: \(provider.absence(survey))\(other)")
    }
    return survey.devices
  }

  private func open(_ choice: DeviceChoice, among found: [FoundDevice]) throws -> ChosenDevice {
    guard let only = found.first else {
      let gaps = providers.flatMap { $0.survey().gaps }.filter { !$0.isBackend }.map(\.line)
      let without = gaps.isEmpty ? "" : " (\(gaps.joined(separator: "; ")))"
      throw DeviceError(
        .usage,
        "no device '\(choice)': this machine has \(list(all()))\(without); expected \(DeviceChoice.allowed)")
    }
    guard found.count == 1 else {
      throw DeviceError(.usage, "'\(choice)' means several devices: choose one of \(list(found))")
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

  private func all() -> [FoundDevice] { providers.flatMap { $0.survey().devices } }

  private func list(_ found: [FoundDevice]) -> String {
    found.map(\.device.title).joined(separator: ", ")
  }

  /// Opens every device; reports the results and the platforms without a device.
  package func reports() -> (devices: [DeviceReport], gaps: [DeviceGap]) {
    var (reports, gaps): ([DeviceReport], [DeviceGap]) = ([], [])
    for provider in providers {
      let survey = provider.survey()
      for found in survey.devices {
        do {
          reports.append(DeviceReport(device: try found.open().device, problem: nil))
        } catch {
          reports.append(DeviceReport(device: found.device, problem: found.device.reason(error)))
        }
      }
      gaps += provider.gaps(survey)
    }
    return (reports, gaps)
  }
}
