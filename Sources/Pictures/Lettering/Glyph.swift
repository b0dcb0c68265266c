/// One character as strokes of a pen.
///
/// A glyph is written as text, in units of 1/20 em, y up from the baseline:
///
/// * `M x y` puts the pen down, `L x y` draws a line;
/// * `D x y` makes a dot;
/// * `Q cx cy x y` draws a quadratic Bézier curve;
/// * `H x y` and `V x y` draw a quarter of an ellipse that starts horizontally or vertically.
struct Glyph: Sendable {
  /// From the leftmost to the rightmost stroke.
  var width: Double
  var strokes: [[Point]]

  /// A box for what has no glyph.
  static let unknown = Glyph("M0 0 L0 13 L7 13 L7 0 L0 0")

  /// Segments per curve: at any size in use, they deviate by less than a tenth of a pixel.
  private static let pieces = 8
  /// Where the control points of a quarter of an ellipse lie; a little beyond a true one's, 0.5523, for rounder shoulders.
  private static let shoulder = 0.58

  private static let dot = [Point(0.4, 0), Point(0.4, 0.4), Point(0, 0.4), Point(0, 0)]

  /// Reads a glyph; `width` if it is not that of its strokes.
  ///
  /// Malformed text traps: tests read every glyph.
  init(_ text: String, width: Double? = nil) {
    var words = text.split { $0 == " " }[...]
    func number(_ word: Substring) -> Double {
      guard let value = Double(word) else { preconditionFailure("glyph: '\(word)' in '\(text)'") }
      return value
    }
    (self.width, strokes) = (0, [])
    while let word = words.popFirst() {
      let command = word.first!
      var numbers = [number(word.dropFirst())]
      while let next = words.first, next.first?.isLetter == false {
        numbers.append(number(next))
        words.removeFirst()
      }
      precondition(numbers.count == (command == "Q" ? 4 : 2), "glyph: \(command) in '\(text)'")
      let end = Point(numbers[numbers.count - 2], numbers[numbers.count - 1])
      if command == "M" || command == "D" {
        strokes.append([end])
        // A little more than the pen's tip.
        if command == "D" { strokes[strokes.count - 1] += Self.dot.map { end + $0 } }
        continue
      }
      let start = strokes[strokes.count - 1].last!
      switch command {
      case "L": strokes[strokes.count - 1].append(end)
      case "Q":
        let control = Point(numbers[0], numbers[1])
        // As a cubic curve: two thirds of the way to the control point.
        curve(start, start + (control - start) * (2 / 3), end + (control - end) * (2 / 3), end)
      case "H", "V":
        let corner = command == "H" ? Point(end.x, start.y) : Point(start.x, end.y)
        curve(
          start, start + (corner - start) * Self.shoulder, end + (corner - end) * Self.shoulder, end)
      default: preconditionFailure("glyph: \(command) in '\(text)'")
      }
    }
    self.width = width ?? strokes.joined().map(\.x).max() ?? 0
  }

  private mutating func curve(_ a: Point, _ b: Point, _ c: Point, _ d: Point) {
    for piece in 1...Self.pieces {
      let t = Double(piece) / Double(Self.pieces)
      let s = 1 - t
      strokes[strokes.count - 1].append(
        a * (s * s * s) + b * (3 * s * s * t) + c * (3 * s * t * t) + d * (t * t * t))
    }
  }

  /// The glyph with an accent over its middle: 10 above the baseline, or 14 for taller glyphs.
  func with(_ accent: Glyph) -> Glyph {
    let top = strokes.joined().map(\.y).max() ?? 0
    let lift = top > 10.5 ? 4.0 : 0
    let shift = Point((width - accent.width) / 2, accent.strokes[0][0].y < 0 ? 0 : lift)
    var result = self
    result.strokes += accent.strokes.map { $0.map { $0 + shift } }
    return result
  }
}
