import Foundation

/// Texts that contain their own SHA-256, computed with a placeholder in its place.
package enum SealedText {
  /// The placeholder for the hash: 64 zeros.
  package static let blank = String(repeating: "0", count: 64)

  /// The text with its hash instead of the placeholder.
  package static func seal(_ text: Data) -> Data {
    replacing(blank, with: Fingerprint.hex(of: text), in: text)
  }

  /// Whether a text matches its own hash `hash`.
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
