import Programs

/// How a device fared when it was opened.
package struct DeviceReport: Sendable {
  /// What it is.
  package let device: DeviceInfo
  /// Why it cannot be used; nil where its probe passed.
  package let problem: String?
}

extension DeviceInfo {
  /// `opencl:0.0 (NVIDIA H100)`
  var title: String { "\(identifier) (\(name))" }

  /// What `error` says, without naming the device once more.
  func reason(_ error: any Error) -> String {
    let text = "\(error)"
    for prefix in ["\(title) is refused: ", "\(title): "] where text.hasPrefix(prefix) {
      return String(text.dropFirst(prefix.count))
    }
    return text
  }

  /// Whether `text` means this device, whatever the case.
  func answers(to text: String) -> Bool {
    let text = text.lowercased()
    return [identifier, name, platform, vendor].contains { $0.lowercased().contains(text) }
      || driver.split { " ,".contains($0) }.contains { $0.lowercased() == text }
  }
}
