import Programs

/// The result of opening a device.
package struct DeviceReport: Sendable {
  /// The device.
  package let device: DeviceInfo
  /// Why it cannot be used; nil if its probe passed.
  package let problem: String?
}

extension DeviceInfo {
  /// `opencl:0.0 (NVIDIA H100)`
  var title: String { "\(identifier) (\(name))" }

  /// The message of `error` without the device's name.
  func reason(_ error: any Error) -> String {
    let text = "\(error)"
    for prefix in ["\(title) is refused: ", "\(title): "] where text.hasPrefix(prefix) {
      return String(text.dropFirst(prefix.count))
    }
    return text
  }

  /// Whether `text` matches this device, ignoring case.
  func answers(to text: String) -> Bool {
    let text = text.lowercased()
    return [identifier, name, platform, vendor].contains { $0.lowercased().contains(text) }
      || driver.split { " ,".contains($0) }.contains { $0.lowercased() == text }
  }
}
