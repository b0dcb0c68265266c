import Foundation

/// Texts that hold the SHA-256 of themselves, read with a blank in its place.
package enum SealedText {
  /// What stands for the hash while it is taken: 64 zeros.
  package static let blank = String(repeating: "0", count: 64)

  /// The text with its hash in place of the one blank it holds.
  package static func seal(_ text: Data) -> Data {
    replacing(blank, with: Fingerprint.hex(of: text), in: text)
  }

  /// Whether a text that says that its hash is `hash` is as it was sealed.
  package static func isWhole(_ text: Data, _ hash: String?) -> Bool {
    guard let hash, hash.utf8.count == 64 else { return false }
    return Fingerprint.hex(of: replacing(hash, with: blank, in: text)) == hash
  }

  private static func replacing(_ old: String, with new: String, in text: Data) -> Data {
    guard let range = text.range(of: Data(old.utf8)) else { return text }
    return text.replacing(range, with: Data(new.utf8))
  }
}

extension Data {
  fileprivate func replacing(_ range: Range<Index>, with new: Data) -> Data {
    var copy = self
    copy.replaceSubrange(range, with: new)
    return copy
  }
}
