import Programs

/// How `--device` names the devices of one backend.
package struct DeviceScheme: Hashable, Sendable {
  /// What stands before the colon: `opencl`.
  package let name: String
  /// What the numbers after the colon count, as in `opencl:PLATFORM.DEVICE`; empty where there is one device only.
  package let numbers: [String]

  /// The scheme `name`, its devices counted by `numbers`.
  package init(_ name: String, numbers: [String] = []) {
    self.name = name
    self.numbers = numbers
  }

  /// What people may write for one device: `opencl:PLATFORM.DEVICE`; nil where the name alone says it.
  var form: String? { numbers.isEmpty ? nil : "\(name):\(numbers.joined(separator: "."))" }
  /// The first of them: `opencl:0.0`.
  var example: String { "\(name):\(numbers.map { _ in "0" }.joined(separator: "."))" }
}

/// A backend as the catalog sees it: how its devices are called, which there are, and how each is opened.
package struct BackendProvider: Sendable {
  /// What `--device` calls its devices.
  package let scheme: DeviceScheme
  /// Its name for people: `OpenCL`.
  package let name: String
  /// Why there may be no device where nothing else is known.
  package let hint: String
  /// Looks for its devices. Called only when one of them is asked for.
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

  /// Where a device could have been; the whole backend where nothing better is known.
  func gaps(_ survey: DeviceSurvey) -> [DeviceGap] {
    survey.devices.isEmpty && survey.gaps.isEmpty
      ? [DeviceGap(identifier: scheme.name, name: name, reason: hint)] : survey.gaps
  }
}

/// What a look for devices found.
package struct DeviceSurvey: Sendable {
  /// The devices, in the order of their numbers.
  package let devices: [FoundDevice]
  /// Where a device could have been.
  package let gaps: [DeviceGap]

  /// These devices, and these places without one.
  package init(_ devices: [FoundDevice], gaps: [DeviceGap] = []) {
    self.devices = devices
    self.gaps = gaps
  }
}

/// A device that was found, and how to open it.
package struct FoundDevice: Sendable {
  /// What it is.
  package let device: DeviceInfo
  /// Opens it: runs its probe, and throws the reason where it is refused.
  package let open: @Sendable () throws -> any Backend

  /// A device and how to open it.
  package init(_ device: DeviceInfo, open: @escaping @Sendable () throws -> any Backend) {
    self.device = device
    self.open = open
  }
}

/// A backend, a platform or a device that gave nothing to run on.
package struct DeviceGap: Hashable, Sendable {
  /// The scheme for a whole backend, else what its devices' identifiers begin with: `opencl:1`.
  package let identifier: String
  /// Its name, as far as it is known: `Intel(R) OpenCL`.
  package let name: String
  /// Why there is nothing.
  package let reason: String

  /// A place without a device.
  package init(identifier: String, name: String, reason: String) {
    self.identifier = identifier
    self.name = name
    self.reason = reason
  }

  /// Whether it stands for a whole backend.
  package var isBackend: Bool { !identifier.contains(":") }
  /// `opencl:1 (Intel(R) OpenCL): it has no device`
  package var line: String { "\(title): \(reason)" }
  /// `opencl:1 (Intel(R) OpenCL)`
  var title: String { isBackend ? name : "\(identifier) (\(name))" }
}
