import Programs

/// The names of one backend's devices for `--device`.
package struct DeviceScheme: Hashable, Sendable {
  /// The part before the colon: `opencl`.
  package let name: String
  /// What the numbers after the colon count, as in `opencl:PLATFORM.DEVICE`; empty if there is only one device.
  package let numbers: [String]

  /// The scheme `name`, with devices numbered by `numbers`.
  package init(_ name: String, numbers: [String] = []) {
    self.name = name
    self.numbers = numbers
  }

  /// The form for one device: `opencl:PLATFORM.DEVICE`; nil if the name alone is enough.
  var form: String? { numbers.isEmpty ? nil : "\(name):\(numbers.joined(separator: "."))" }
  /// The first of them: `opencl:0.0`.
  var example: String { "\(name):\(numbers.map { _ in "0" }.joined(separator: "."))" }
}

/// A backend in the catalog: names, discovery and opening of its devices.
package struct BackendProvider: Sendable {
  /// The scheme of its devices for `--device`.
  package let scheme: DeviceScheme
  /// Display name: `OpenCL`.
  package let name: String
  /// The default reason for having no device.
  package let hint: String
  /// Finds its devices. Called only on demand.
  let survey: @Sendable () -> DeviceSurvey

  /// A backend whose devices `survey` finds.
  package init(
    _ scheme: DeviceScheme, name: String, hint: String, survey: @escaping @Sendable () -> DeviceSurvey
  ) {
    self.scheme = scheme
    self.name = name
    self.hint = hint
    self.survey = survey
  }

  /// Why `survey` found no device.
  func absence(_ survey: DeviceSurvey) -> String {
    survey.gaps.isEmpty
      ? hint : survey.gaps.map { $0.isBackend ? $0.reason : $0.line }.joined(separator: "; ")
  }

  /// Where a device is missing; the whole backend if nothing more specific is known.
  func gaps(_ survey: DeviceSurvey) -> [DeviceGap] {
    survey.devices.isEmpty && survey.gaps.isEmpty
      ? [DeviceGap(identifier: scheme.name, name: name, reason: hint)] : survey.gaps
  }
}

/// The result of device discovery.
package struct DeviceSurvey: Sendable {
  /// The devices, in the order of their numbers.
  package let devices: [FoundDevice]
  /// Platforms without a usable device.
  package let gaps: [DeviceGap]

  /// Devices, and platforms without one.
  package init(_ devices: [FoundDevice], gaps: [DeviceGap] = []) {
    self.devices = devices
    self.gaps = gaps
  }
}

/// A device that was found, and how to open it.
package struct FoundDevice: Sendable {
  /// The device.
  package let device: DeviceInfo
  /// Opens and probes it; throws the reason if it is refused.
  package let open: @Sendable () throws -> any Backend

  /// A device and how to open it.
  package init(_ device: DeviceInfo, open: @escaping @Sendable () throws -> any Backend) {
    self.device = device
    self.open = open
  }
}

/// A backend, platform or device that cannot be used.
package struct DeviceGap: Hashable, Sendable {
  /// The scheme for a whole backend, otherwise the prefix of its devices' identifiers: `opencl:1`.
  package let identifier: String
  /// Its name, if known: `Intel(R) OpenCL`.
  package let name: String
  /// Why it cannot be used.
  package let reason: String

  /// A gap with these properties.
  package init(identifier: String, name: String, reason: String) {
    self.identifier = identifier
    self.name = name
    self.reason = reason
  }

  /// Whether it represents a whole backend.
  package var isBackend: Bool { !identifier.contains(":") }
  /// `opencl:1 (Intel(R) OpenCL): it has no device`
  package var line: String { "\(title): \(reason)" }
  /// `opencl:1 (Intel(R) OpenCL)`
  var title: String { isBackend ? name : "\(identifier) (\(name))" }
}
