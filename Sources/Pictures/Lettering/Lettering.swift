import Foundation

/// Text as strokes, in our own typeface: PNG draws it, and layouts measure with it.
///
/// A glyph is a few strokes of a pen with a round tip; see ``Glyph``. An em is 20 units: capitals are 14 high, small
/// letters 10, descenders 4 below the baseline. A character without a glyph that is no accented letter is an empty box.
package enum Lettering {
  /// Units to an em.
  private static let em = 20.0
  /// Room on each side of a glyph, half the pen included.
  private static let bearing = 2.2
  /// Thickness of the pen in units, for plain and for bold words.
  private static let pen = (plain: 1.75, bold: 2.7)
  /// Width of the rim of paper around text, as a share of its size, both sides together.
  static let halo = 0.28

  /// The width of text at a size; also used for SVG, where the reader's typeface is another one of about this width.
  package static func width(_ words: String, size: Double, isBold: Bool = false) -> Double {
    var units = 0.0
    for glyph in glyphs(words) { units += glyph.width + 2 * bearing }
    return units * size / em * (isBold ? 1.05 : 1)
  }

  /// Thickness of the pen at a size.
  static func thickness(size: Double, isBold: Bool) -> Double { (isBold ? pen.bold : pen.plain) * size / em }

  /// The strokes of text that is placed at a point of its baseline.
  static func strokes(_ words: String, at place: Point, size: Double, _ style: TextStyle) -> [[Point]] {
    let scale = size / em
    let half = 0.5.squareRoot()
    let along =
      switch style.direction {
      case .right: Point(1, 0)
      case .up: Point(0, -1)
      case .slant: Point(half, -half)
      }
    let across = Point(-along.y, along.x)
    let spread = style.isBold ? 1.05 : 1
    let whole = width(words, size: size, isBold: style.isBold)
    var x =
      switch style.anchor {
      case .start: 0.0
      case .middle: -whole / 2
      case .end: -whole
      }
    var strokes: [[Point]] = []
    for glyph in glyphs(words) {
      for stroke in glyph.strokes {
        strokes.append(
          stroke.map {
            place + along * (x + ($0.x + bearing) * scale * spread) + across * (-$0.y * scale)
          })
      }
      x += (glyph.width + 2 * bearing) * scale * spread
    }
    return strokes
  }

  /// Text truncated to a width, with `…` where something is missing.
  package static func fitted(_ words: String, width limit: Double, size: Double, isBold: Bool = false)
    -> String
  {
    guard width(words, size: size, isBold: isBold) > limit else { return words }
    var rest = words
    while !rest.isEmpty {
      rest.removeLast()
      let cut = rest.trimmingCharacters(in: .whitespaces) + "…"
      if width(cut, size: size, isBold: isBold) <= limit { return cut }
    }
    return ""
  }

  /// Words in one line: line breaks and control characters become spaces.
  static func cleaned(_ words: String) -> String {
    String(
      String.UnicodeScalarView(
        words.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }

  /// The characters that would be drawn as boxes.
  package static func missing(in words: String) -> [Character] {
    zip(words, glyphs(words)).filter { $1.strokes == Glyph.unknown.strokes }.map(\.0)
  }

  private static func glyphs(_ words: String) -> [Glyph] {
    words.map { character in
      if let glyph = Glyph.table[character] { return glyph }
      // A letter and its accents, one by one.
      let parts = Array(String(character).decomposedStringWithCanonicalMapping.unicodeScalars)
      guard parts.count > 1, let letter = Glyph.table[Character(parts[0])] else { return .unknown }
      return parts.dropFirst().reduce(letter) { glyph, accent in
        Glyph.accents[accent].map { glyph.with($0) } ?? glyph
      }
    }
  }
}
