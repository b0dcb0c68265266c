import Crypto
import Foundation

/// A SHA-256 taken over raw bytes as they come, written as 64 lowercase hexadecimal digits.
public struct Fingerprint: Sendable {
  private var digest = SHA256()

  /// Starts with no bytes.
  public init() {}

  /// Appends bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    digest.update(bufferPointer: bytes)
  }

  /// Appends bytes.
  public mutating func update(_ data: Data) {
    digest.update(data: data)
  }

  /// Appends bytes.
  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// The SHA-256 of everything so far; more may follow.
  public var hex: String {
    digest.finalize().reduce(into: "") { text, byte in
      text += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }
  }

  /// The SHA-256 of one piece of data.
  public static func hex(of data: Data) -> String {
    var fingerprint = Fingerprint()
    fingerprint.update(data)
    return fingerprint.hex
  }

  /// The SHA-256 of one array of bytes.
  public static func hex(of bytes: [UInt8]) -> String {
    var fingerprint = Fingerprint()
    fingerprint.update(bytes)
    return fingerprint.hex
  }
}
