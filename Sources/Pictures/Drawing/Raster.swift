extension Drawing {
  /// The drawing as pixels.
  ///
  /// - Parameters:
  ///   - theme: its colours.
  ///   - scale: pixels per unit, from 1 to 8; less if the picture would have more than 2²⁶ pixels.
  package func picture(theme: Theme = .light, scale: Int = 2) -> Picture {
    var scale = min(max(scale, 1), 8)
    while scale > 1, width * height * scale * scale > 1 << 26 { scale -= 1 }
    var canvas = Canvas(width: width * scale, height: height * scale, theme.colour(.paper))
    for element in elements { element.paint(on: &canvas, theme, Double(scale)) }
    return canvas.picture
  }
}

extension Element {
  /// Lengths of a dash and of the gap after it, as in `stroke-dasharray`.
  private static let dash = 4.0

  fileprivate func paint(on canvas: inout Canvas, _ theme: Theme, _ scale: Double) {
    switch self {
    case .line(let points, let paint, let width, let isDashed, let opacity):
      let lines = isDashed ? Self.dashes(points) : [points]
      for line in lines { canvas.stroke(line, halfWidth: width / 2, scale) }
      canvas.paint(theme.colour(paint), opacity: opacity)
    case .polygon(let corners, let paint, let opacity):
      canvas.polygon(corners.map { $0 * scale })
      canvas.paint(theme.colour(paint), opacity: opacity)
    case .box(let box, let paint, let opacity):
      canvas.box(box.scaled(scale))
      canvas.paint(theme.colour(paint), opacity: opacity)
    case .marks(let places, let marker, let radius, let paint, let opacity):
      for place in places {
        if marker == .disc { canvas.disc(place * scale, radius: radius * scale) }
        canvas.polygon(marker.corners.map { (place + $0 * radius) * scale })
        for stroke in marker.strokes {
          canvas.stroke(stroke.map { place + $0 * radius }, halfWidth: radius * Marker.strokeWidth / 2, scale)
        }
      }
      canvas.paint(theme.colour(paint), opacity: opacity)
    case .text(let words, let place, let size, let paint, let style):
      let strokes = Lettering.strokes(words, at: place, size: size, style)
      let half = Lettering.thickness(size: size, isBold: style.isBold) / 2
      if style.hasHalo {
        for stroke in strokes { canvas.stroke(stroke, halfWidth: half + size * Lettering.halo / 2, scale) }
        canvas.paint(theme.colour(.paper), opacity: 1)
      }
      for stroke in strokes { canvas.stroke(stroke, halfWidth: half, scale) }
      canvas.paint(theme.colour(paint), opacity: 1)
    case .picture(let picture, let box):
      canvas.put(picture, in: box.scaled(scale))
    }
  }

  /// A line cut into dashes; the pattern continues around corners.
  private static func dashes(_ points: [Point]) -> [[Point]] {
    var dashes: [[Point]] = []
    var (isDrawn, left) = (true, dash)
    var current = [points[0]]
    for (start, end) in zip(points, points.dropFirst()) {
      let length = (end - start).length
      guard length > 0 else { continue }
      var done = 0.0
      while length - done > left {
        done += left
        let place = start + (end - start) * (done / length)
        if isDrawn { dashes.append(current + [place]) }
        (isDrawn, left, current) = (!isDrawn, dash, [place])
      }
      left -= length - done
      current.append(end)
    }
    return isDrawn ? dashes + [current] : dashes
  }
}

extension Canvas {
  /// A line of one width through points in units.
  fileprivate mutating func stroke(_ points: [Point], halfWidth: Double, _ scale: Double) {
    if points.count == 1 { disc(points[0] * scale, radius: halfWidth * scale) }
    for (start, end) in zip(points, points.dropFirst()) {
      segment(start * scale, end * scale, halfWidth: halfWidth * scale)
    }
  }
}

extension Rectangle {
  fileprivate func scaled(_ scale: Double) -> Rectangle {
    Rectangle(x: x * scale, y: y * scale, width: width * scale, height: height * scale)
  }
}
