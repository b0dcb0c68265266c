/// A horizontal bar chart, with each value at the end of its bar.
package struct BarChart: Sendable, Equatable {
  /// One bar.
  package struct Bar: Sendable, Equatable {
    package var name: String
    /// Its value; one that is not finite has no bar.
    package var value: Double
    /// The uncertainty of the value, up and down; 0 for none.
    package var spread: Double

    package init(_ name: String, _ value: Double, spread: Double = 0) {
      self.name = name
      self.value = value
      self.spread = spread
    }
  }

  /// A reference value.
  package struct Reference: Sendable, Equatable {
    package var value: Double
    package var name: String

    /// A line at a reference value.
    package init(_ value: Double, _ name: String) {
      self.value = value
      self.name = name
    }
  }

  /// What it shows.
  package var title: String
  /// A description, used as alternative text.
  package var description: String
  /// What the values are, with their unit.
  package var axis: String
  /// The bars, from top to bottom.
  package var bars: [Bar]
  /// Decimals of the values.
  package var places: Int
  /// A reference value; nil for none.
  package var reference: Reference?

  /// A chart of bars.
  package init(
    title: String = "", description: String = "", axis: String = "", bars: [Bar], places: Int = 2,
    reference: Reference? = nil
  ) {
    self.title = title
    self.description = description
    self.axis = axis
    self.bars = bars
    self.places = places
    self.reference = reference
  }

  /// The chart as a drawing; the default height fits the bars.
  package func drawing(width: Int = 560, height: Int? = nil) -> Drawing {
    let heading = (title.isEmpty ? 0 : 21) + (axis.isEmpty ? 0 : 19) + 12
    let needed = heading + 24 * min(bars.count, 300) + 16 + (reference == nil ? 0 : 16)
    var drawing = Drawing(width: width, height: height ?? needed, title: title, description: description)
    let top = drawing.heading(axis) + (reference == nil ? 0 : 16)
    let names = bars.map {
      Lettering.fitted($0.name, width: drawing.frame.width * 0.35, size: TextSize.label)
    }
    let texts = bars.map { bar in
      Numerals.fixed(bar.value, places) + (bar.spread > 0 ? " ± \(Numerals.fixed(bar.spread, places))" : "")
    }
    func longest(_ words: [String]) -> Double {
      words.map { Lettering.width($0, size: TextSize.label) * 1.1 }.max() ?? 0
    }
    let area = drawing.frame.inset(
      left: longest(names) + 22, top: top, right: longest(texts) + 22, bottom: 14)
    let scale = AxisScale(
      .linear, of: bars.flatMap { [$0.value, $0.value + $0.spread] } + [reference?.value ?? 0], ends: .tight,
      includesZero: true)
    let zero = area.x + (scale.share(0) ?? 0) * area.width
    let row = area.height / Double(max(1, bars.count))
    let thickness = min(18, row * 0.72)
    func end(_ bar: Bar) -> Double { area.x + (scale.share(bar.value) ?? 0) * area.width }
    func middle(_ index: Int) -> Double { area.y + (Double(index) + 0.5) * row }
    for (index, bar) in bars.enumerated() where bar.value.isFinite {
      drawing.box(
        Rectangle(
          x: min(zero, end(bar)), y: middle(index) - thickness / 2, width: (end(bar) - zero).magnitude,
          height: thickness),
        .accent, opacity: 0.85)
    }
    drawing.line([Point(crisp(zero), area.y), Point(crisp(zero), area.bottom)], .axis)
    if let reference, let share = scale.share(reference.value) {
      let place = crisp(area.x + share * area.width)
      drawing.line([Point(place, area.y - 4), Point(place, area.bottom)], .muted, isDashed: true)
      let isLeft = share > 0.5
      drawing.text(
        reference.name, at: Point(place + (isLeft ? 4 : -4), area.y - 7), size: TextSize.tick, .muted,
        isLeft ? .toEnd : .plain)
    }
    // Overlapping labels are omitted.
    for (index, bar) in bars.enumerated() where index % max(1, Int((9 / row).rounded(.up))) == 0 {
      let base = middle(index) + TextSize.label * 0.35
      drawing.text(names[index], at: Point(area.x - 8, base), size: TextSize.label, .ink, .toEnd)
      guard bar.value.isFinite else { continue }
      var last = max(zero, end(bar))
      if bar.spread > 0, let low = scale.share(bar.value - bar.spread),
        let high = scale.share(bar.value + bar.spread)
      {
        last = max(last, area.x + high * area.width)
        drawing.line(
          [Point(area.x + low * area.width, middle(index)), Point(last, middle(index))], .ink, width: 1.5)
      }
      drawing.text(
        texts[index], at: Point(last + 8, base), size: TextSize.label, .muted, TextStyle(hasHalo: true))
    }
    return drawing
  }
}
