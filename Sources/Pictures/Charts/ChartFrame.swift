/// The title and scale of an axis.
package struct Axis: Sendable, Equatable {
  /// The title with its unit: `mean squared error per pixel`.
  package var title: String
  /// The scale.
  package var scale: ScaleKind
  /// Whether zero is always included; linear axes only.
  package var includesZero: Bool
  /// Whether values are counts: no ticks between whole numbers; linear axes only.
  package var isWhole: Bool

  package init(
    _ title: String = "", scale: ScaleKind = .linear, includesZero: Bool = false, isWhole: Bool = false
  ) {
    self.title = title
    self.scale = scale
    self.includesZero = includesZero
    self.isWhole = isWhole
  }
}

/// Text sizes in charts.
enum TextSize {
  static let title = 14.0
  static let label = 12.0
  static let tick = 11.0
}

/// The area of a chart with two axes of numbers: title above, grid, tick labels, axis titles.
struct ChartFrame {
  let x: AxisScale
  let y: AxisScale
  /// The plot area.
  let area: Rectangle

  /// Draws the frame of a chart.
  ///
  /// - Parameters:
  ///   - drawing: the drawing to draw on.
  ///   - x: values on the horizontal axis.
  ///   - y: values on the vertical axis.
  ///   - axes: their titles.
  ///   - right: room to leave at the right.
  init(
    _ drawing: inout Drawing, x: AxisScale, y: AxisScale, titles: (x: String, y: String), right: Double
  ) {
    self.x = x
    self.y = y
    let top = drawing.heading(titles.y)
    let below = 8 + TextSize.tick + (titles.x.isEmpty ? 4 : 8 + TextSize.label)
    let rows = y.ticks(max(2, Int((drawing.frame.height - top - below) / 45)))
    let left = (rows.map { Lettering.width($0.label, size: TextSize.tick) }.max() ?? 0) + 18
    area = drawing.frame.inset(left: left, top: top + 4, right: max(right, 16), bottom: below + 4)
    for tick in rows {
      guard let share = y.share(tick.value) else { continue }
      let height = crisp(area.bottom - share * area.height)
      drawing.line([Point(area.x, height), Point(area.right, height)], .grid)
      drawing.text(
        tick.label, at: Point(area.x - 8, height + TextSize.tick * 0.35), size: TextSize.tick, .muted, .toEnd)
    }
    drawLowerAxis(&drawing, title: titles.x)
  }

  private func drawLowerAxis(_ drawing: inout Drawing, title: String) {
    let base = crisp(area.bottom)
    drawing.line([Point(area.x, base), Point(area.right, base)], .axis)
    var end = -Double.infinity
    for tick in x.ticks(max(2, Int(area.width / 70))) {
      guard let share = x.share(tick.value) else { continue }
      let place = crisp(area.x + share * area.width)
      drawing.line([Point(place, base), Point(place, base + 4)], .axis)
      // Overlapping labels are omitted.
      let half = Lettering.width(tick.label, size: TextSize.tick) / 2
      guard place - half > end + 6 else { continue }
      end = place + half
      drawing.text(
        tick.label, at: Point(place, base + 8 + TextSize.tick * 0.8), size: TextSize.tick, .muted, .centred)
    }
    drawing.text(
      Lettering.fitted(title, width: area.width, size: TextSize.label),
      at: Point(area.x + area.width / 2, base + 8 + TextSize.tick + 4 + TextSize.label * 0.9),
      size: TextSize.label, .muted, .centred)
  }

  /// The position of a value; nil for what the axes cannot show.
  func place(_ x: Double, _ y: Double) -> Point? {
    guard let across = self.x.share(x), let up = self.y.share(y) else { return nil }
    return Point(area.x + across * area.width, area.bottom - up * area.height)
  }
}

/// The middle of the nearest pixel: lines of one unit are then sharp.
func crisp(_ value: Double) -> Double { value.rounded(.down) + 0.5 }

extension Drawing {
  /// Draws the title and the name of the vertical axis below it, and returns where the plot begins.
  mutating func heading(_ subtitle: String = "") -> Double {
    var top = 12.0
    func put(_ words: String, _ size: Double, _ paint: Paint, _ style: TextStyle) {
      guard !words.isEmpty else { return }
      let fitted = Lettering.fitted(words, width: Double(width) - 24, size: size, isBold: style.isBold)
      text(fitted, at: Point(12, top + size * 0.85), size: size, paint, style)
      top += size + 7
    }
    put(title, TextSize.title, .ink, TextStyle(isBold: true))
    put(subtitle, TextSize.label, .muted, .plain)
    return top
  }
}
