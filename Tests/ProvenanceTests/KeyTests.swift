import Foundation
import Provenance
import Storage
import TestSupport
import Testing

@Suite("Ed25519 keys") struct KeyTests {
  private let place: TemporaryFolder

  init() throws { place = try TemporaryFolder() }

  private func bytes(_ hex: String) -> [UInt8] {
    stride(from: 0, to: hex.count, by: 2).map { start in
      UInt8(hex.dropFirst(start).prefix(2), radix: 16)!
    }
  }

  private func put(_ hex: String, _ label: String) throws -> URL {
    let text = Data(bytes(hex)).base64EncodedString()
    return try place.put(
      "key", Data("words before\n-----BEGIN \(label)-----\r\n\(text)\n-----END \(label)-----\n".utf8))
  }

  /// RFC 8032, section 7.1, test 1.
  @Test("The signature of the standard's first example") func example() throws {
    let key = try PrivateKey(
      contentsOf: put(
        "302e020100300506032b657004220420"
          + "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "PRIVATE KEY"))
    let other = try PublicKey(
      contentsOf: put(
        "302a300506032b6570032100" + "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "PUBLIC KEY"))
    #expect(key.publicKey == other)
    let signature = bytes(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2465"
        + "5141438e7a100b")
    #expect(key.signature(of: []) == signature)
    #expect(other.accepts(signature, of: []) && !other.accepts(signature, of: [0]))
    for place in [0, 31, 32, 63] {
      var wrong = signature
      wrong[place] ^= 1
      #expect(!other.accepts(wrong, of: []))
    }
    for wrong in [[], Array(signature.dropLast()), signature + [0]] { #expect(!other.accepts(wrong, of: [])) }
  }

  @Test("A new pair is kept from others, and replaces nothing") func new() throws {
    let url = place.file("my key")
    let key = try PrivateKey(writing: url)
    let mode = try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try PrivateKey(contentsOf: url).publicKey == key.publicKey)
    #expect(try PublicKey(contentsOf: place.file("my key.pub")) == key.publicKey)
    #expect(throws: FileError.self) { try PrivateKey(writing: url) }
    #expect(try PrivateKey(contentsOf: url).publicKey == key.publicKey)
    try FileManager.default.removeItem(at: url)
    #expect(throws: FileError.self) { try PrivateKey(writing: url) }
    #expect(try place.names() == ["my key.pub"])
  }

  @Test("Other files are refused, and it is said what they are") func others() throws {
    let url = place.file("pair")
    _ = try PrivateKey(writing: url)
    func privateKey(_ url: URL, _ text: String) {
      let error = #expect(throws: KeyError.self) { try PrivateKey(contentsOf: url) }
      #expect(error?.description.contains(text) == true, "\(String(describing: error))")
      #expect(error?.description.contains("\n") == false)
    }
    privateKey(place.file("pair.pub"), "found a public key")
    let error = #expect(throws: KeyError.self) { try PublicKey(contentsOf: url) }
    #expect(error?.description.contains("kept secret") == true)
    // X25519.
    privateKey(
      try put("302e020100300506032b656e04220420" + String(repeating: "07", count: 32), "PRIVATE KEY"),
      "another kind")
    privateKey(try put("302e020100300506032b65700422", "PRIVATE KEY"), "another kind")
    privateKey(try put("30", "ENCRYPTED PRIVATE KEY"), "encrypted")
    privateKey(try place.put("text", Data("no key\n".utf8)), "something else")
    privateKey(
      try place.put("x", Data("-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----".utf8)), "not base64"
    )
    privateKey(
      try place.put("y", Data("-----END PRIVATE KEY-----\n-----BEGIN PRIVATE KEY-----".utf8)),
      "something else")
    #expect(throws: FileTooLarge.self) {
      try PrivateKey(contentsOf: place.put("large", Data(count: 1 << 17)))
    }
    #expect(throws: NotAFile.self) { try PrivateKey(contentsOf: place.url) }
    #expect(mkfifo(place.path("pipe"), 0o600) == 0)
    #expect(throws: NotAFile.self) { try PrivateKey(contentsOf: place.file("pipe")) }
    #expect(throws: FileError.self) { try PrivateKey(contentsOf: place.file("missing")) }
  }
}
