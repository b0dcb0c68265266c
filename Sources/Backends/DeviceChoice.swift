/// The value of `--device`.
package enum DeviceChoice: Hashable, Sendable, CustomStringConvertible {
  /// A GPU that passes its probe, otherwise the CPU backend.
  case auto
  /// The first device of the backend with this scheme.
  case first(of: String)
  /// The device with this identifier: `opencl:1.0`.
  case device(String)
  /// The device that matches this text, ignoring case: its identifier, name, platform or vendor contains it, or its
  /// driver contains it as a word (`pocl`).
  case named(String)

  /// The CPU backend.
  package static let cpu = DeviceChoice.first(of: "cpu")
  /// The first OpenCL device.
  package static let openCL = DeviceChoice.first(of: "opencl")

  /// The allowed values.
  package static var allowed: String {
    let schemes = DeviceCatalog().schemes.flatMap { scheme in
      [scheme.name] + (scheme.form.map { ["\($0) (as in \(scheme.example))"] } ?? [])
    }
    return (["auto"] + schemes).joined(separator: ", ") + ", or part of a name, platform or vendor"
  }

  /// A choice from text.
  ///
  /// - Parameter schemes: how the devices of each backend are named; by default those of this machine.
  /// - Throws: ``DeviceError`` of kind `usage` if the text is empty, or a scheme's colon is not followed by its
  ///   numbers.
  package init(_ text: String, schemes: [DeviceScheme] = DeviceCatalog().schemes) throws {
    let lower = text.lowercased()
    if text.allSatisfy(\.isWhitespace) {
      throw DeviceError(.usage, "the device is empty: expected \(Self.allowed)")
    } else if lower == "auto" {
      self = .auto
    } else if schemes.contains(where: { $0.name == lower }) {
      self = .first(of: lower)
    } else if let scheme = schemes.first(where: { lower.hasPrefix($0.name + ":") }) {
      let parts = lower.dropFirst(scheme.name.count + 1).split(
        separator: ".", omittingEmptySubsequences: false)
      let numbers = parts.compactMap { UInt16($0) }
      guard let form = scheme.form else {
        throw DeviceError(.usage, "device '\(text)': expected \(scheme.name) alone")
      }
      guard numbers.count == parts.count, numbers.count == scheme.numbers.count else {
        throw DeviceError(.usage, "device '\(text)': expected \(form), as in \(scheme.example)")
      }
      self = .device("\(scheme.name):\(numbers.map(String.init).joined(separator: "."))")
    } else {
      self = .named(text)
    }
  }

  /// The text that ``init(_:schemes:)`` reads.
  package var description: String {
    switch self {
    case .auto: "auto"
    case .first(let scheme): scheme
    case .device(let identifier): identifier
    case .named(let text): text
    }
  }
}

/// A device that is missing or refused.
public struct DeviceError: Error, CustomStringConvertible, Hashable, Sendable {
  /// The kind of error.
  public enum Kind: Hashable, Sendable {
    /// The text matches no device of this machine.
    case usage
    /// The device exists, but cannot be used.
    case refused
  }

  /// The kind of error.
  public let kind: Kind
  /// The message, in one line.
  public let description: String

  /// An error of `kind` that reads `message`.
  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    description = message
  }
}
