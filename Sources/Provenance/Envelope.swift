import Foundation

/// A DSSE envelope: a payload, and signatures over it and its type.
///
/// Source: https://github.com/secure-systems-lab/dsse, version 1.
struct Envelope: Codable, Equatable {
  /// One signature.
  struct Signature: Codable, Equatable {
    /// The signer's ``PublicKey/identifier``; a hint, which is not authenticated.
    let keyid: String
    /// Base64.
    let sig: String
  }

  let payload: String
  let payloadType: String
  let signatures: [Signature]

  /// The type of in-toto statements.
  static let statementType = "application/vnd.in-toto+json"

  /// Signs a payload.
  init(_ payload: Data, by key: PrivateKey) {
    let signature = key.signature(of: Self.signed(payload, Self.statementType))
    self.payload = payload.base64EncodedString()
    payloadType = Self.statementType
    signatures = [
      Signature(keyid: key.publicKey.identifier, sig: Data(signature).base64EncodedString())
    ]
  }

  /// What is signed, DSSE's pre-authentication encoding: `DSSEv1 LENGTH TYPE LENGTH PAYLOAD`.
  static func signed(_ payload: Data, _ type: String) -> [UInt8] {
    Array("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
  }
}
