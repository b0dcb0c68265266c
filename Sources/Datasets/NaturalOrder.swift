/// Natural order of names: runs of digits are compared as numbers, so `img2` comes before `img10`.
///
/// Everything else is compared byte by byte, independent of the locale. Names that are equal as numbers
/// (`7` and `07`) are distinguished by their bytes.
enum NaturalOrder {
  static func sorted(_ names: [String]) -> [String] {
    names.map { (name: $0, parts: parts($0)) }
      .sorted { isLess($0.parts, $1.parts) ?? $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
      .map(\.name)
  }

  private enum Part: Equatable {
    case byte(UInt8)
    /// Digits without leading zeros.
    case number([UInt8])
  }

  private static func parts(_ name: String) -> [Part] {
    var parts: [Part] = []
    var rest = Array(name.utf8)[...]
    while let byte = rest.first {
      guard isDigit(byte) else {
        parts.append(.byte(byte))
        rest.removeFirst()
        continue
      }
      let digits = rest.prefix(while: isDigit)
      parts.append(.number(Array(digits.drop { $0 == UInt8(ascii: "0") })))
      rest = rest.dropFirst(digits.count)
    }
    return parts
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  /// Whether the first precedes the second; nil if they are equal.
  private static func isLess(_ first: [Part], _ second: [Part]) -> Bool? {
    for (a, b) in zip(first, second) where a != b {
      switch (a, b) {
      case (.byte(let a), .byte(let b)): return a < b
      case (.number(let a), .number(let b)):
        return a.count == b.count ? a.lexicographicallyPrecedes(b) : a.count < b.count
      case (.number, .byte(let b)): return UInt8(ascii: "0") < b
      case (.byte(let a), .number): return a < UInt8(ascii: "0")
      }
    }
    return first.count == second.count ? nil : first.count < second.count
  }
}
