import Foundation
import Storage

/// A file that does not hold an Ed25519 key of the required kind.
package struct KeyError: Error, Equatable, CustomStringConvertible {
  /// One line: the file, what it holds, and what to do.
  package let description: String
}

/// Ed25519 keys as text: PEM around PKCS#8 and SubjectPublicKeyInfo (RFC 8410), as openssl writes and reads them.
enum KeyText {
  /// The DER prefix of a key's 32 bytes.
  private static let privatePrefix: [UInt8] = [
    0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20,
  ]
  private static let publicPrefix: [UInt8] = [0x30, 0x2A, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 3, 0x21, 0]
  private static let (privateLabel, publicLabel) = ("PRIVATE KEY", "PUBLIC KEY")
  static let mostBytes = 1 << 16

  /// The bytes of SubjectPublicKeyInfo.
  static func information(_ key: [UInt8]) -> [UInt8] { publicPrefix + key }

  static func text(privateKey key: [UInt8]) -> String { pem(privateLabel, privatePrefix + key) }
  static func text(publicKey key: [UInt8]) -> String { pem(publicLabel, information(key)) }

  private static func pem(_ label: String, _ bytes: [UInt8]) -> String {
    "-----BEGIN \(label)-----\n\(Data(bytes).base64EncodedString())\n-----END \(label)-----\n"
  }

  /// The 32 bytes of the private key in a file.
  ///
  /// - Throws: `KeyError`; as `readFile(_:upTo:)`.
  static func privateKey(_ url: URL) throws -> [UInt8] { try key(url, privateLabel, privatePrefix) }

  /// The 32 bytes of the public key in a file.
  ///
  /// - Throws: `KeyError`; as `readFile(_:upTo:)`.
  static func publicKey(_ url: URL) throws -> [UInt8] { try key(url, publicLabel, publicPrefix) }

  private static func key(_ url: URL, _ label: String, _ prefix: [UInt8]) throws -> [UInt8] {
    func refused(_ what: String) -> KeyError {
      let kind = label == privateLabel ? "private" : "public"
      return KeyError(description: "\(url.path): expected an Ed25519 \(kind) key in PEM, found \(what)")
    }
    let lines = String(decoding: try readFile(url, upTo: mostBytes), as: UTF8.self)
      .split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
    func mark(_ word: String, _ label: String) -> Int? { lines.firstIndex(of: "-----\(word) \(label)-----") }
    guard let begin = mark("BEGIN", label), let end = mark("END", label), begin < end else {
      let other = label == privateLabel ? publicLabel : privateLabel
      if mark("BEGIN", other) != nil {
        throw refused(label == privateLabel ? "a public key" : "a private key, which is to be kept secret")
      }
      if mark("BEGIN", "ENCRYPTED PRIVATE KEY") != nil {
        throw refused("an encrypted one: decrypt it with 'openssl pkey'")
      }
      throw refused("something else")
    }
    guard let bytes = Data(base64Encoded: lines[begin + 1..<end].joined()) else {
      throw refused("text that is not base64")
    }
    guard bytes.count == prefix.count + 32, bytes.starts(with: prefix) else {
      throw refused("a key of another kind")
    }
    return Array(bytes.dropFirst(prefix.count))
  }
}
