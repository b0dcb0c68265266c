import Foundation

/// A reader for the small part of JSON that a safetensors header may hold: objects, arrays, strings and
/// whole numbers.
///
/// Foundation's decoders silently keep one of two equal keys; here the caller sees every key, in order.
/// Anything else that JSON allows (true, null, fractions) has no place in such a header and is refused.
struct StrictJSON {
  private let bytes: [UInt8]
  private(set) var offset = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// A message, with the byte in the header at which reading stopped.
  func failure(_ message: String) -> SafeTensorsError {
    SafeTensorsError(.badHeader, "header byte \(offset): \(message)")
  }

  /// Reads `{ "key": value, … }`; `value` is called after each colon and reads the value itself.
  mutating func object(_ value: (inout StrictJSON, String) throws -> Void) throws {
    try expect("{")
    if accept("}") { return }
    var keys: Set<String> = []
    repeat {
      let key = try string()
      guard keys.insert(key).inserted else { throw failure("key '\(key)' appears twice in one object") }
      try expect(":")
      try value(&self, key)
    } while accept(",")
    try expect("}")
  }

  /// Reads `[ element, … ]`; `element` is called once for each and reads it.
  mutating func array(_ element: (inout StrictJSON) throws -> Void) throws {
    try expect("[")
    if accept("]") { return }
    repeat { try element(&self) } while accept(",")
    try expect("]")
  }

  /// Reads a whole number from 0 to `Int.max`, written in decimal digits only.
  mutating func wholeNumber() throws -> Int {
    skipSpace()
    let start = offset
    var value = 0
    while let byte = peek(), let digit = Self.decimal(byte) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(digit)
      guard !overflow, !carry else { throw failure("a number above \(Int.max)") }
      value = sum
      offset += 1
    }
    let length = offset - start
    let isWhole = length > 0 && !(length > 1 && bytes[start] == UInt8(ascii: "0"))
    guard isWhole, !(peek().map { ".eE".utf8.contains($0) } ?? false) else {
      throw failure("expected a whole number from 0, found \(found(at: start))")
    }
    return value
  }

  /// Reads a string; the bytes are known to be UTF-8.
  mutating func string() throws -> String {
    try expect("\"")
    var text: [UInt8] = []
    while let byte = peek() {
      offset += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text += String(try escape()).utf8
      case 0..<0x20: throw failure("a control character in a string")
      default: text.append(byte)
      }
    }
    throw failure("a string without end")
  }

  /// Accepts only white space up to the end.
  mutating func end() throws {
    skipSpace()
    if offset < bytes.count { throw failure("expected the end, found \(found(at: offset))") }
  }

  private mutating func escape() throws -> Unicode.Scalar {
    guard let byte = peek() else { throw failure("a string without end") }
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw failure("unknown escape '\\\(Character(Unicode.Scalar(byte)))'")
    }
  }

  private mutating func unicodeEscape() throws -> Unicode.Scalar {
    let first = try fourHexDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, literal("\\u") else { throw failure("half of a surrogate pair") }
    let second = try fourHexDigits()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    else { throw failure("half of a surrogate pair") }
    return scalar
  }

  private mutating func fourHexDigits() throws -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("expected four hexadecimal digits after \\u")
      }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }

  private mutating func expect(_ character: Character) throws {
    guard accept(character) else { throw failure("expected '\(character)', found \(found(at: offset))") }
  }

  private mutating func accept(_ character: Character) -> Bool {
    skipSpace()
    guard peek() == character.asciiValue else { return false }
    offset += 1
    return true
  }

  private mutating func literal(_ text: String) -> Bool {
    guard bytes[offset...].starts(with: text.utf8) else { return false }
    offset += text.utf8.count
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  private func peek() -> UInt8? {
    offset < bytes.count ? bytes[offset] : nil
  }

  private static func decimal(_ byte: UInt8) -> Int? {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int(byte &- 0x30) : nil
  }

  private func found(at start: Int) -> String {
    guard start < bytes.count else { return "the end of the header" }
    let text = String(decoding: bytes[start...].prefix(12), as: UTF8.self)
    return "'\(text.split(whereSeparator: \.isNewline).first ?? "")'"
  }
}
