import CCrypto
import Foundation

/// An incremental SHA-256, as 64 lowercase hexadecimal digits.
package struct Fingerprint: Sendable {
  private var digest = Digest()

  /// Starts with no bytes.
  package init() {}

  /// Appends bytes.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    if !isKnownUniquelyReferenced(&digest) { digest = Digest(copying: digest) }
    digest.update(bytes)
  }

  /// Appends bytes.
  package mutating func update(_ data: Data) {
    for region in data.regions { region.withUnsafeBytes { update($0) } }
  }

  /// Appends bytes.
  package mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// The SHA-256 of everything so far; more may follow.
  package var hex: String { Self.text(bytes) }

  /// The same as 32 bytes.
  package var bytes: [UInt8] { Digest(copying: digest).finalize() }

  /// The digits of a hash.
  package static func text(_ hash: [UInt8]) -> String {
    hash.reduce(into: "") { text, byte in
      text += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }
  }

  /// The SHA-256 of a file's bytes.
  ///
  /// - Throws: `FileError`, `NotAFile`, `DanglingLink`.
  package static func hex(ofFile url: URL) throws -> String {
    let descriptor = try openPlainFile(url.path).descriptor
    defer { close(descriptor) }
    var fingerprint = Fingerprint()
    var part = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = try checkedCall("read", url.path) { read(descriptor, &part, part.count) }
      if count == 0 { return fingerprint.hex }
      part.withUnsafeBytes { fingerprint.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
  }

  /// The SHA-256 of one piece of data.
  package static func hex(of data: Data) -> String {
    var fingerprint = Fingerprint()
    fingerprint.update(data)
    return fingerprint.hex
  }

  /// The SHA-256 of one array of bytes.
  package static func hex(of bytes: [UInt8]) -> String { text(Self.bytes(of: bytes)) }

  /// The same as 32 bytes.
  package static func bytes(of bytes: [UInt8]) -> [UInt8] {
    let digest = Digest()
    bytes.withUnsafeBytes { digest.update($0) }
    return digest.finalize()
  }
}

/// An incremental SHA-256 by libcrypto, which uses the processor's instructions.
///
/// Its calls fail only without memory or if the library's configuration forbids SHA-256; that traps.
private final class Digest: @unchecked Sendable {
  private let context: OpaquePointer

  init() {
    context = Self.checked(EVP_MD_CTX_new())
    Self.check(EVP_DigestInit_ex(context, EVP_sha256(), nil))
  }

  init(copying other: Digest) {
    context = Self.checked(EVP_MD_CTX_new())
    Self.check(EVP_MD_CTX_copy_ex(context, other.context))
  }

  deinit { EVP_MD_CTX_free(context) }

  func update(_ bytes: UnsafeRawBufferPointer) {
    Self.check(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count))
  }

  /// The 32 bytes; nothing may follow.
  func finalize() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
      Self.check(EVP_DigestFinal_ex(context, buffer.baseAddress, nil))
      count = 32
    }
  }

  private static func checked(_ context: OpaquePointer?) -> OpaquePointer {
    guard let context else { fatalError("libcrypto: no memory for a SHA-256") }
    return context
  }

  private static func check(_ status: Int32) {
    precondition(status == 1, "libcrypto refuses SHA-256: is it configured to?")
  }
}
