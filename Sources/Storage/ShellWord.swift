/// A word quoted for a shell if it contains more than letters, digits and a few safe characters.
///
/// Control characters and bytes that are not UTF-8 (see ``SystemPath``) are written as in `$'caf\351'`, which bash, zsh and
/// ksh read.
package func shellQuoted(_ word: String) -> String {
  let plain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_=,./:@+".contains($0)) }
  if plain, !word.isEmpty { return word }
  let isText = !SystemPath.hasBytes(word)
  guard isText, word.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
    return "$'" + SystemPath.bytes(word).map(escaped).joined() + "'"
  }
  return "'" + word.replacing("'", with: #"'\''"#) + "'"
}

/// A path quoted for a shell, so that no command takes it for an option.
package func shellQuoted(path: String) -> String {
  shellQuoted(path.hasPrefix("-") ? "./" + path : path)
}

/// A byte inside `$'…'`.
private func escaped(_ byte: UInt8) -> String {
  switch byte {
  case UInt8(ascii: "'"), UInt8(ascii: "\\"): "\\" + String(Character(Unicode.Scalar(byte)))
  case 0x20..<0x7F: String(Character(Unicode.Scalar(byte)))
  // Always three digits, so that a digit of the name is not read as one more.
  default: "\\" + String(byte >> 6) + String(byte >> 3 & 7) + String(byte & 7)
  }
}
