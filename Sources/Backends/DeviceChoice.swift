/// What `--device` says.
public enum DeviceChoice: Hashable, Sendable, CustomStringConvertible {
  /// A GPU whose probe passes, else the CPU backend.
  case auto
  /// The CPU backend.
  case cpu
  /// The first OpenCL device.
  case openCL
  /// The OpenCL device with this identifier: `opencl:PLATFORM.DEVICE`.
  case openCLDevice(platform: Int, device: Int)
  /// The device whose name holds this text, or whose driver has it as a word (`pocl`), whatever the case.
  case named(String)

  /// What people may write.
  public static let allowed =
    "auto, cpu, opencl, opencl:PLATFORM.DEVICE (as in opencl:0.0), or part of a name"

  /// A choice from text.
  ///
  /// Throws: ``DeviceError`` of kind `usage` where the text is empty, or what follows `opencl:` is no pair of
  /// numbers.
  public init(_ text: String) throws {
    switch text.lowercased() {
    case "auto": self = .auto
    case "cpu": self = .cpu
    case "opencl": self = .openCL
    case "": throw DeviceError(.usage, "the device is empty: expected \(Self.allowed)")
    case let lower where lower.hasPrefix("opencl:"):
      let parts = lower.dropFirst(7).split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 2, let platform = UInt16(parts[0]), let device = UInt16(parts[1]) else {
        throw DeviceError(.usage, "device '\(text)': expected opencl:PLATFORM.DEVICE, as in opencl:0.0")
      }
      self = .openCLDevice(platform: Int(platform), device: Int(device))
    default: self = .named(text)
    }
  }

  /// As ``init(_:)`` reads it.
  public var description: String {
    switch self {
    case .auto: "auto"
    case .cpu: "cpu"
    case .openCL: "opencl"
    case .openCLDevice(let platform, let device): "opencl:\(platform).\(device)"
    case .named(let text): text
    }
  }
}

/// A device that is not there, or is refused.
public struct DeviceError: Error, CustomStringConvertible, Hashable, Sendable {
  /// What kind of thing is wrong.
  public enum Kind: Hashable, Sendable {
    /// The text says no device of this machine.
    case usage
    /// The device is there, but cannot be used.
    case refused
  }

  /// What kind of thing is wrong.
  public let kind: Kind
  /// One clear line.
  public let description: String

  /// An error of `kind` that reads `message`.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    description = message
  }
}
