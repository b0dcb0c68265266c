import CCrypto
import Foundation
import Storage

/// An Ed25519 public key, which checks signatures, by libcrypto.
package struct PublicKey: Sendable, Equatable {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The key in a PEM file.
  ///
  /// - Throws: `KeyError`, `FileError`, `NotAFile`, `FileTooLarge`.
  package init(contentsOf url: URL) throws { self.init(try KeyText.publicKey(url)) }

  /// SHA-256 of the key as SubjectPublicKeyInfo in DER.
  package var identifier: String { Fingerprint.hex(of: KeyText.information(bytes)) }

  /// Whether `signature` is this key's for `message`.
  package func accepts(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count) else {
      return false
    }
    defer { EVP_PKEY_free(key) }
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
      && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
  }
}

/// An Ed25519 private key, which signs, by libcrypto.
package struct PrivateKey: Sendable {
  private let bytes: [UInt8]
  /// The public key.
  package let publicKey: PublicKey

  private init(_ bytes: [UInt8]) {
    let key = Self.checked(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, bytes, bytes.count))
    defer { EVP_PKEY_free(key) }
    var (other, count) = ([UInt8](repeating: 0, count: 32), 32)
    Self.check(EVP_PKEY_get_raw_public_key(key, &other, &count))
    (self.bytes, publicKey) = (bytes, PublicKey(other))
  }

  /// The key in a PEM file, as `openssl genpkey -algorithm ed25519` writes it.
  ///
  /// - Throws: `KeyError`, `FileError`, `NotAFile`, `FileTooLarge`.
  package init(contentsOf url: URL) throws { self.init(try KeyText.privateKey(url)) }

  /// Creates a key and writes it to `url`, readable by its owner only, and its public key to `url` with `.pub`.
  ///
  /// - Throws: `FileError`, also if one of the files exists.
  package init(writing url: URL) throws {
    var generator = SystemRandomNumberGenerator()
    self.init((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
    try Self.create(url, KeyText.text(privateKey: bytes), mode: 0o600)
    do {
      try Self.create(
        URL(systemPath: url.path + ".pub"), KeyText.text(publicKey: publicKey.bytes), mode: 0o644)
    } catch {
      try? removeAll(url)
      throw error
    }
  }

  /// The signature, 64 bytes; a function of key and message.
  package func signature(of message: [UInt8]) -> [UInt8] {
    let key = Self.checked(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, bytes, bytes.count))
    defer { EVP_PKEY_free(key) }
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    var (signature, count) = ([UInt8](repeating: 0, count: 64), 64)
    Self.check(EVP_DigestSignInit(context, nil, nil, nil, key))
    Self.check(EVP_DigestSign(context, &signature, &count, message, message.count))
    return signature
  }

  /// Never replaces a file: a lost key cannot be restored.
  private static func create(_ url: URL, _ text: String, mode: mode_t) throws {
    let path = url.path
    let descriptor = try checkedCall("create", path) {
      path.withSystemPath { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode) }
    }
    do {
      let bytes = Array(text.utf8)
      let count = try checkedCall("write", path) { write(descriptor, bytes, bytes.count) }
      guard count == bytes.count else { throw FileError(action: "write", path: path, code: ENOSPC) }
      try checkedCall("flush", path) { fsync(descriptor) }
      close(descriptor)
    } catch {
      close(descriptor)
      try? removeAll(url)
      throw error
    }
  }

  private static func checked(_ key: OpaquePointer?) -> OpaquePointer {
    guard let key else { fatalError("libcrypto refuses Ed25519: is it configured to?") }
    return key
  }

  private static func check(_ status: Int32) {
    precondition(status == 1, "libcrypto refuses Ed25519: is it configured to?")
  }
}
