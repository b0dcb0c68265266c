/// A word as a shell takes it: in quotes where it holds more than letters, digits and a few harmless signs.
package func shellQuoted(_ word: String) -> String {
  let plain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_=,./:@+".contains($0)) }
  return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
}
