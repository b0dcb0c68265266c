/// The legend at the right of a chart: a marker and a name for each class, or a colour scale with numbers.
struct Legend {
  private let entries: [(words: String, class: Int)]
  private let strip: (title: String, low: String, high: String)?
  /// Its width; 0 if there is no legend.
  let width: Double

  /// Its width with margins.
  var margin: Double { width > 0 ? width + 32 : 16 }

  private static let line = TextSize.label + 6

  init(_ colour: ScatterChart.Colouring, in drawing: Drawing) {
    let limit = drawing.frame.width * 0.3
    switch colour {
    case .one:
      (entries, strip, width) = ([], nil, 0)
    case .classes(_, let names):
      // The other classes are named only among the points.
      let count = min(names.count, max(1, Int((drawing.frame.height - 60) / Self.line)))
      entries = names.prefix(count).enumerated().map {
        (Lettering.fitted($1, width: limit, size: TextSize.label), $0)
      }
      strip = nil
      width = (entries.map { Lettering.width($0.words, size: TextSize.label) }.max() ?? -18) * 1.1 + 18
    case .values(let values, let title):
      let finite = values.filter(\.isFinite)
      guard let low = finite.min(), let high = finite.max() else {
        (entries, strip, width) = ([], nil, 0)
        return
      }
      let words = Lettering.fitted(title, width: limit, size: TextSize.label)
      let ends = (Numerals.significant(low, 3), Numerals.significant(high, 3))
      (entries, strip) = ([], (words, ends.0, ends.1))
      let numbers = [ends.0, ends.1].map { Lettering.width($0, size: TextSize.tick) + 18 }.max() ?? 0
      width = max(Lettering.width(words, size: TextSize.label), numbers) * 1.1
    }
  }

  func draw(on drawing: inout Drawing, from left: Double, top: Double) {
    for (row, entry) in entries.enumerated() {
      let height = top + 10 + Double(row) * Self.line
      drawing.marks([Point(left + 5, height)], .of(series: entry.class), radius: 4.5, .series(entry.class))
      drawing.text(entry.words, at: Point(left + 16, height + TextSize.label * 0.35), size: TextSize.label)
    }
    guard let strip else { return }
    drawing.text(strip.title, at: Point(left, top + 10), size: TextSize.label, .muted)
    let box = Rectangle(x: left, y: top + 20, width: 12, height: min(140, Double(drawing.height) / 2))
    drawing.levels(in: box)
    for (words, height) in [(strip.high, box.y + 9), (strip.low, box.bottom - 1)] {
      drawing.text(words, at: Point(box.right + 6, height), size: TextSize.tick, .muted)
    }
  }
}

extension Drawing {
  /// The scale for values as a vertical strip, highest at the top.
  mutating func levels(in box: Rectangle) {
    // Whole units: no seams between them.
    let step = max(1, (box.height / Double(Paint.levels)).rounded(.down))
    for level in 0..<Paint.levels {
      self.box(
        Rectangle(x: box.x, y: box.bottom - Double(level + 1) * step, width: box.width, height: step),
        .level(level))
    }
  }
}
