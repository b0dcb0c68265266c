/// A line chart with labels at the ends of the lines.
///
/// ```swift
/// LineChart(
///   title: "Loss", x: Axis("epoch"), y: Axis("mean squared error", scale: .logarithmic),
///   series: [.init("train", train), .init("validation", validation, isDashed: true)],
///   annotations: [.init(x: 23, "best epoch 23")]
/// ).drawing(width: 640, height: 400)
/// ```
///
/// A value that is not finite, or not above 0 on a logarithmic axis, leaves a gap.
package struct LineChart: Sendable, Equatable {
  /// One line.
  package struct Series: Sendable, Equatable {
    /// The label at its end; empty for none.
    package var name: String
    /// Its points, from left to right.
    package var points: [Point]
    /// The uncertainty of each point, up and down, in units of y; empty for none.
    package var spread: [Double]
    /// Whether it is dashed.
    package var isDashed: Bool
    /// Whether points are marked; nil: if there are at most 40.
    package var isMarked: Bool?
    /// Its colour; nil: by its place among the series.
    package var colour: Int?

    /// A line through points.
    package init(
      _ name: String, _ points: [Point], spread: [Double] = [], isDashed: Bool = false, isMarked: Bool? = nil,
      colour: Int? = nil
    ) {
      self.name = name
      self.points = points
      self.spread = spread
      self.isDashed = isDashed
      self.isMarked = isMarked
      self.colour = colour
    }

    /// A line through values at 1, 2, 3, …
    package init(_ name: String, _ values: [Double], isDashed: Bool = false) {
      self.init(name, values.enumerated().map { Point(Double($0 + 1), $1) }, isDashed: isDashed)
    }
  }

  /// A vertical line with a label, such as the epoch of the best loss.
  package struct Annotation: Sendable, Equatable {
    /// The value of x.
    package var x: Double
    /// The text.
    package var label: String

    /// A note at a value of x.
    package init(x: Double, _ label: String) {
      self.x = x
      self.label = label
    }
  }

  /// What it shows.
  package var title: String
  /// A description, used as alternative text.
  package var description: String
  /// The horizontal axis.
  package var x: Axis
  /// The vertical axis.
  package var y: Axis
  /// The lines.
  package var series: [Series]
  /// Notes.
  package var annotations: [Annotation]

  /// A chart of lines.
  package init(
    title: String = "", description: String = "", x: Axis, y: Axis, series: [Series],
    annotations: [Annotation] = []
  ) {
    self.title = title
    self.description = description
    self.x = x
    self.y = y
    self.series = series
    self.annotations = annotations
  }

  /// The chart as a drawing.
  package func drawing(width: Int = 640, height: Int = 400) -> Drawing {
    var drawing = Drawing(width: width, height: height, title: title, description: description)
    let points = series.flatMap { $0.points }.filter(\.isFinite)
    let ranges = series.flatMap { line in
      zip(line.points, line.spread).flatMap { [$0.y - $1, $0.y + $1] }
    }
    var across = AxisScale(
      x.scale, of: points.map(\.x) + annotations.map(\.x), ends: .tight, includesZero: x.includesZero)
    if x.isWhole { across.leastStep = 1 }
    let up = AxisScale(
      y.scale, of: points.map(\.y) + ranges, ends: .ticks(max(2, drawing.height / 60)),
      includesZero: y.includesZero)
    let names = series.map {
      Lettering.fitted($0.name, width: Double(drawing.width) * 0.3, size: TextSize.label)
    }
    let room = names.map { Lettering.width($0, size: TextSize.label) }.max() ?? 0
    let frame = ChartFrame(&drawing, x: across, y: up, titles: (x.title, y.title), right: room * 1.1 + 20)
    for note in annotations { draw(note, in: frame, on: &drawing) }
    var ends: [(index: Int, place: Point)] = []
    for (index, line) in series.enumerated() {
      draw(line, colour: line.colour ?? index, in: frame, on: &drawing)
      let last = line.points.reversed().lazy.compactMap { frame.place($0.x, $0.y) }.first
      if let last, !names[index].isEmpty { ends.append((index, last)) }
    }
    let heights = LabelLayout.spread(
      ends.map(\.place.y), height: TextSize.label + 3,
      in: frame.area.y + 4...max(frame.area.y + 4, frame.area.bottom - 4))
    for (end, height) in zip(ends, heights) {
      let start = frame.area.right
      let isFar = start > end.place.x + 1
      if isFar {
        drawing.line(
          [Point(end.place.x + 4, end.place.y), Point(start + 4, end.place.y)], .axis, width: 0.75,
          isDashed: true)
      }
      if isFar || (height - end.place.y).magnitude > 3 {
        drawing.line([Point(start + 4, end.place.y), Point(start + 9, height)], .axis, width: 0.75)
      }
      drawing.text(
        names[end.index], at: Point(start + 11, height + TextSize.label * 0.35), size: TextSize.label,
        .name(series[end.index].colour ?? end.index))
    }
    return drawing
  }

  private func draw(_ note: Annotation, in frame: ChartFrame, on drawing: inout Drawing) {
    guard let share = frame.x.share(note.x) else { return }
    let (area, place) = (frame.area, crisp(frame.area.x + share * frame.area.width))
    drawing.line([Point(place, area.y), Point(place, area.bottom)], .muted, isDashed: true)
    let words = Lettering.fitted(note.label, width: area.width, size: TextSize.tick)
    let length = Lettering.width(words, size: TextSize.tick) * 1.1
    let isLeft = place + 6 + length > area.right && place - 6 - length > area.x
    drawing.text(
      words, at: Point(place + (isLeft ? -6 : 6), area.y + TextSize.tick), size: TextSize.tick, .muted,
      TextStyle(anchor: isLeft ? .end : .start, hasHalo: true))
  }

  private func draw(_ line: Series, colour: Int, in frame: ChartFrame, on drawing: inout Drawing) {
    var parts: [[Point]] = [[]]
    var bands: [[(high: Point, low: Point)]] = [[]]
    for (index, point) in line.points.enumerated() {
      if let place = frame.place(point.x, point.y) {
        parts[parts.count - 1].append(place)
      } else if parts.last != [] {
        parts.append([])
      }
      guard index < line.spread.count else { continue }
      if let high = frame.place(point.x, point.y + line.spread[index]),
        let low = frame.place(point.x, point.y - line.spread[index])
      {
        bands[bands.count - 1].append((high, low))
      } else {
        bands.append([])
      }
    }
    for band in bands {
      drawing.polygon(band.map(\.high) + band.reversed().map(\.low), .series(colour), opacity: 0.15)
    }
    let isMarked = line.isMarked ?? (line.points.count <= 40)
    for part in parts {
      drawing.line(Self.thinned(part), .series(colour), width: 2, isDashed: line.isDashed)
      if isMarked || part.count == 1 {
        drawing.marks(part, .of(series: colour), radius: 2.75, .series(colour))
      }
    }
  }

  /// At most four points per unit of width: the first, lowest, highest and last in it.
  private static func thinned(_ points: [Point]) -> [Point] {
    guard let first = points.first, let last = points.last,
      Double(points.count) > 4 * max(1, (last.x - first.x).magnitude)
    else { return points }
    var kept: [Point] = []
    var column: [Point] = []
    func close() {
      guard let lowest = column.indices.max(by: { column[$0].y < column[$1].y }),
        let highest = column.indices.min(by: { column[$0].y < column[$1].y })
      else { return }
      var chosen = [0, min(lowest, highest), max(lowest, highest), column.count - 1]
      chosen = chosen.enumerated().filter { $0 == 0 || chosen[$0 - 1] != $1 }.map(\.element)
      kept += chosen.map { column[$0] }
      column = []
    }
    for point in points {
      if let before = column.last, before.x.rounded(.down) != point.x.rounded(.down) { close() }
      column.append(point)
    }
    close()
    return kept
  }
}
