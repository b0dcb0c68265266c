import Foundation

extension SafeTensors {
  /// The content hash of a file.
  package enum Seal: Sendable {
    /// No hash: a file of another program or an earlier version.
    case missing
    /// A hash that matches.
    case whole
    /// A hash that does not match.
    case broken
  }

  static let sealKey = "content-sha256"

  /// Writes the SHA-256 of the contents into the metadata, as `content-sha256`: from then on the file itself shows
  /// that it is intact. Unlike a hash in another file, it is replaced atomically with the contents.
  package mutating func seal() { metadata[Self.sealKey] = contentSHA256 }

  /// Whether the contents are those that the file was sealed with.
  package var sealing: Seal {
    guard let known = metadata[Self.sealKey] else { return .missing }
    return known == contentSHA256 ? .whole : .broken
  }

  /// SHA-256 over the metadata except `content-sha256`, sorted by key, and all tensors, sorted by name: each key,
  /// value, name, type and shape as length and text, then the bytes. The order of tensors in the file does not matter.
  private var contentSHA256: String {
    var fingerprint = Fingerprint()
    func add(_ text: String) { fingerprint.update(Array("\(text.utf8.count):\(text)".utf8)) }
    for (key, value) in metadata.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
    where key != Self.sealKey {
      add(key)
      add(value)
    }
    for tensor in tensors.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
      add(tensor.name)
      add(tensor.dataType.rawValue)
      add("\(tensor.shape)")
      fingerprint.update(tensor.data)
    }
    return fingerprint.hex
  }
}
