import Foundation

extension Drawing {
  /// The drawing as SVG: one element `<svg class="facsimile-chart">`.
  ///
  /// Colours are CSS classes, and follow the system's setting of light or dark; in print they are light. Title and
  /// description are its alternative text. All text is escaped: external text is never markup.
  ///
  /// - Parameter isEmbedded: whether the page has ``styleSheet``; otherwise the drawing contains the rules it needs.
  package func svg(isEmbedded: Bool = false) -> String {
    var lines = [
      #"<svg xmlns="http://www.w3.org/2000/svg" class="facsimile-chart" role="img" width="\#(width)" "#
        + #"height="\#(height)" viewBox="0 0 \#(width) \#(height)">"#
    ]
    lines.append("<title>\(Markup.escaped(title))</title>")
    if !description.isEmpty { lines.append("<desc>\(Markup.escaped(description))</desc>") }
    if !isEmbedded {
      lines.append("<style>\n\(SVG.styleSheet(Set(elements.compactMap(\.paint)).union([.paper])))</style>")
    }
    lines.append(#"<rect class="f p" width="\#(width)" height="\#(height)"/>"#)
    lines += elements.map(SVG.element)
    return (lines + ["</svg>\n"]).joined(separator: "\n")
  }

  /// The rules for drawings that are embedded in a page (`svg(isEmbedded: true)`).
  package static var styleSheet: String { SVG.styleSheet(nil) }
}

/// The markup of elements.
enum SVG {
  private static let fonts = #"system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif"#

  /// Rules for these roles; nil for all.
  static func styleSheet(_ used: Set<Paint>?) -> String {
    var rules = [
      ".facsimile-chart{max-width:100%;height:auto;font-family:\(fonts)}",
      ".facsimile-chart .l{fill:none;stroke:currentColor;stroke-linecap:round;stroke-linejoin:round}",
      ".facsimile-chart .f{fill:currentColor;stroke:none}",
      ".facsimile-chart .b{font-weight:600}",
    ]
    // In a fixed order; a set has no order.
    let paints = everyPaint.filter {
      used?.contains(where: { [name = $0.className] in $0.className == name }) ?? true
    }
    func colours(_ theme: Theme) -> [String] {
      paints.map { ".facsimile-chart .\($0.className){color:\(theme.colour($0).hex)}" } + [
        ".facsimile-chart .h{paint-order:stroke;stroke:\(theme.colour(.paper).hex);stroke-linejoin:round}"
      ]
    }
    rules += colours(.light)
    rules.append("@media screen and (prefers-color-scheme:dark){")
    rules += colours(.dark) + ["}"]
    return rules.map { $0 + "\n" }.joined()
  }

  private static let everyPaint: [Paint] =
    [.ink, .muted, .axis, .grid, .paper, .accent, .fault]
    + (0..<Paint.seriesCount).map(Paint.series) + (0..<Paint.seriesCount).map(Paint.name)
    + (0..<Paint.levels).map(Paint.level)
    + [(true, true), (true, false), (false, true), (false, false)].map {
      .on(blackIfLight: $0.0, blackIfDark: $0.1)
    }

  static func element(_ element: Element) -> String {
    switch element {
    case .line(let points, let paint, let width, let isDashed, let opacity):
      let dash = isDashed ? #" stroke-dasharray="4 4""# : ""
      return
        #"<path class="l \#(paint.className)" stroke-width="\#(number(width))"\#(dash)\#(veil(opacity)) "#
        + #"d="\#(path(points))"/>"#
    case .polygon(let corners, let paint, let opacity):
      return #"<path class="f \#(paint.className)"\#(veil(opacity)) d="\#(path(corners))z"/>"#
    case .box(let box, let paint, let opacity):
      return #"<rect class="f \#(paint.className)"\#(veil(opacity)) \#(attributes(box))/>"#
    case .marks(let places, let marker, let radius, let paint, let opacity):
      return marks(places, marker, radius, paint, opacity)
    case .text(let words, let place, let size, let paint, let style):
      return text(words, place, size, paint, style)
    case .picture(let picture, let box):
      // A picture that can be drawn is small enough for libpng.
      let png = (try? picture.pngData())?.base64EncodedString() ?? ""
      return #"<image \#(attributes(box)) preserveAspectRatio="none" style="image-rendering:pixelated" "#
        + #"href="data:image/png;base64,\#(png)"/>"#
    }
  }

  /// One path for all: a disc is a line of no length with round ends.
  private static func marks(
    _ places: [Point], _ marker: Marker, _ radius: Double, _ paint: Paint, _ opacity: Double
  ) -> String {
    func short(_ value: Double) -> String { Numerals.coordinate(value, places: 1) }
    let starts = places.map { "M\(short($0.x)) \(short($0.y))" }
    switch marker {
    case .disc:
      return #"<path class="l \#(paint.className)" stroke-width="\#(number(2 * radius))"\#(veil(opacity)) "#
        + #"d="\#(starts.map { $0 + "h0" }.joined())"/>"#
    case .square, .triangle, .diamond:
      let shape = relative(marker.corners.map { $0 * radius }) + "z"
      return
        #"<path class="f \#(paint.className)"\#(veil(opacity)) d="\#(starts.map { $0 + shape }.joined())"/>"#
    case .cross, .plus:
      let shapes = places.map { place in
        marker.strokes.map { path($0.map { place + $0 * radius }) }.joined()
      }
      return #"<path class="l \#(paint.className)" stroke-width="\#(number(radius * Marker.strokeWidth))""#
        + #"\#(veil(opacity)) d="\#(shapes.joined())"/>"#
    }
  }

  private static func text(
    _ words: String, _ place: Point, _ size: Double, _ paint: Paint, _ style: TextStyle
  ) -> String {
    let anchor = style.anchor == .start ? "" : #" text-anchor="\#(style.anchor.rawValue)""#
    let (x, y) = (number(place.x), number(place.y))
    let turn =
      switch style.direction {
      case .right: ""
      case .up: #" transform="rotate(-90 \#(x) \#(y))""#
      case .slant: #" transform="rotate(-45 \#(x) \#(y))""#
      }
    let classes = "f \(paint.className)" + (style.isBold ? " b" : "") + (style.hasHalo ? " h" : "")
    let halo = style.hasHalo ? #" stroke-width="\#(number(size * Lettering.halo))""# : ""
    return
      #"<text class="\#(classes)" x="\#(x)" y="\#(y)" font-size="\#(number(size))"\#(anchor)\#(halo)\#(turn)>"#
      + "\(Markup.escaped(words))</text>"
  }

  /// `M` to the first point; the shape's other points follow, each relative to the one before.
  private static func relative(_ corners: [Point]) -> String {
    var text = "m\(number(corners[0].x)) \(number(corners[0].y))"
    for (before, corner) in zip(corners, corners.dropFirst()) {
      text += "l\(number(corner.x - before.x)) \(number(corner.y - before.y))"
    }
    return text
  }

  private static func path(_ points: [Point]) -> String {
    "M" + points.map { "\(number($0.x)) \(number($0.y))" }.joined(separator: " ")
  }

  private static func attributes(_ box: Rectangle) -> String {
    #"x="\#(number(box.x))" y="\#(number(box.y))" width="\#(number(box.width))" height="\#(number(box.height))""#
  }

  private static func veil(_ opacity: Double) -> String {
    opacity < 1 ? #" opacity="\#(number(max(0, opacity)))""# : ""
  }

  private static func number(_ value: Double) -> String { Numerals.coordinate(value) }
}
