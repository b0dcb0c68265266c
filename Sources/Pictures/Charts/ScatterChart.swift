/// A scatter chart, coloured by class or value; classes are named among their points and in a legend.
///
/// ```swift
/// ScatterChart(
///   title: "t-SNE of 10,000 codes", points: places, colour: .classes(labels, names: names), isFaint: lost
/// ).drawing(width: 720, height: 640)
/// ```
///
/// A point that is not finite is left out. A chart without titles of axes has no ticks: maps such as t-SNE's have no units.
package struct ScatterChart: Sendable, Equatable {
  /// The colour of the points.
  package enum Colouring: Sendable, Equatable {
    /// All are alike.
    case one
    /// The class of each, as an index into the names; one that is out of range is grey.
    case classes([Int], names: [String])
    /// A number for each, and what it is; one that is not finite is grey.
    case values([Double], title: String)
  }

  /// What it shows.
  package var title: String
  /// A description, used as alternative text.
  package var description: String
  /// The horizontal axis; without title: no ticks.
  package var x: Axis
  /// The vertical axis; without title: no ticks.
  package var y: Axis
  package var points: [Point]
  package var colour: Colouring
  /// Which points are faint (their neighbourhood is not preserved); empty for none.
  package var isFaint: [Bool]
  /// Whether one unit has the same length on both axes.
  package var hasEqualUnits: Bool
  /// Whether points are drawn as class names instead of discs: for a few hundred points and short names.
  package var marksAreNames: Bool

  /// A chart of points.
  package init(
    title: String = "", description: String = "", x: Axis = Axis(), y: Axis = Axis(), points: [Point],
    colour: Colouring = .one, isFaint: [Bool] = [], hasEqualUnits: Bool = false, marksAreNames: Bool = false
  ) {
    self.title = title
    self.description = description
    self.x = x
    self.y = y
    self.points = points
    self.colour = colour
    self.isFaint = isFaint
    self.hasEqualUnits = hasEqualUnits
    self.marksAreNames = marksAreNames
  }

  /// Number of layers in which points are drawn, each with a share of every class, so that no class hides the others.
  private static let layers = 6

  /// The chart as a drawing.
  package func drawing(width: Int = 720, height: Int = 600) -> Drawing {
    var drawing = Drawing(width: width, height: height, title: title, description: description)
    let shown = points.filter(\.isFinite)
    let legend = Legend(colour, in: drawing)
    var across = AxisScale(x.scale, of: shown.map(\.x), includesZero: x.includesZero)
    var up = AxisScale(y.scale, of: shown.map(\.y), includesZero: y.includesZero)
    let frame: ChartFrame
    if x.title.isEmpty, y.title.isEmpty {
      let top = drawing.heading()
      let area = drawing.frame.inset(left: 12, top: top, right: legend.margin, bottom: 12)
      if hasEqualUnits { AxisScale.equalise(&across, &up, in: area) }
      frame = ChartFrame(x: across, y: up, area: area)
    } else {
      if hasEqualUnits {
        AxisScale.equalise(
          &across, &up, in: drawing.frame.inset(left: 50, top: 50, right: legend.margin, bottom: 40))
      }
      frame = ChartFrame(&drawing, x: across, y: up, titles: (x.title, y.title), right: legend.margin)
    }
    let places = points.map { frame.place($0.x, $0.y) }
    let paints = self.paints()
    drawPoints(places, paints, on: &drawing)
    if case .classes(let classes, let names) = colour, !marksAreNames {
      nameClasses(places, classes, names, in: frame.area, on: &drawing)
    }
    legend.draw(on: &drawing, from: frame.area.right + 16, top: frame.area.y)
    return drawing
  }

  /// The colour and marker of each point.
  private func paints() -> [(paint: Paint, class: Int)] {
    switch colour {
    case .one: points.map { _ in (.series(0), 0) }
    case .classes(let classes, let names):
      points.indices.map { index in
        guard index < classes.count, names.indices.contains(classes[index]) else { return (.axis, 0) }
        return (.series(classes[index]), classes[index])
      }
    case .values(let values, _):
      values.withScale { scale in
        points.indices.map { index in
          guard index < values.count, let share = scale.share(values[index]) else { return (.axis, 0) }
          return (.level(share: share), 0)
        }
      }
    }
  }

  private func drawPoints(
    _ places: [Point?], _ paints: [(paint: Paint, class: Int)], on drawing: inout Drawing
  ) {
    struct Group: Hashable { let layer: Int; let paint: Paint; let series: Int; let isFaint: Bool }
    var groups: [Group: [Int]] = [:]
    for (index, place) in places.enumerated() where place != nil {
      let isFaint = index < self.isFaint.count && self.isFaint[index]
      let layer = isFaint ? -1 : index % Self.layers
      groups[
        Group(layer: layer, paint: paints[index].paint, series: paints[index].class, isFaint: isFaint),
        default: []
      ]
      .append(index)
    }
    let radius = max(1.25, min(4, 60 / Double(max(1, places.count)).squareRoot() + 1))
    // In the order of layers and of each group's first point; a dictionary has no order.
    for (group, members) in groups.sorted(by: { ($0.key.layer, $0.value[0]) < ($1.key.layer, $1.value[0]) }) {
      let opacity = group.isFaint ? 0.35 : 0.8
      if marksAreNames, case .classes(_, let names) = colour, names.indices.contains(group.series) {
        for index in members {
          drawing.text(
            names[group.series], at: places[index]! + Point(0, TextSize.tick * 0.35), size: TextSize.tick,
            group.isFaint ? .axis : .name(group.series), .centred)
        }
        continue
      }
      drawing.marks(
        members.map { places[$0]! }, .of(series: group.series), radius: radius,
        group.paint, opacity: opacity)
    }
  }

  /// Names in the middle of their points: at the median of both coordinates, kept apart from each other.
  private func nameClasses(
    _ places: [Point?], _ classes: [Int], _ names: [String], in area: Rectangle, on drawing: inout Drawing
  ) {
    let size = 15.0
    var taken: [Rectangle] = []
    for (number, name) in names.enumerated() {
      let own = places.indices.filter { $0 < classes.count && classes[$0] == number }.compactMap {
        places[$0]
      }
      guard !own.isEmpty else { continue }
      let words = Lettering.fitted(name, width: area.width / 3, size: size, isBold: true)
      let width = Lettering.width(words, size: size, isBold: true) * 1.1
      let middle = Point(
        own.map(\.x).sorted()[own.count / 2], own.map(\.y).sorted()[own.count / 2] + size * 0.35)
      func box(_ place: Point) -> Rectangle {
        Rectangle(x: place.x - width / 2 - 2, y: place.y - size, width: width + 4, height: size + 4)
      }
      // The nearest free position: there, above, below, further above, …
      var place = middle
      for attempt in 0..<24 {
        let rows = attempt % 2 == 0 ? -(attempt / 2) : attempt / 2 + 1
        let tried = middle + Point(0, Double(rows) * size / 2)
        let isFree = !taken.contains { $0.overlaps(box(tried)) }
        if isFree {
          place = tried
          break
        }
      }
      taken.append(box(place))
      drawing.text(
        words, at: place, size: size, .name(number), TextStyle(anchor: .middle, isBold: true, hasHalo: true))
    }
  }
}

extension ChartFrame {
  /// A frame for points without axes.
  init(x: AxisScale, y: AxisScale, area: Rectangle) {
    self.x = x
    self.y = y
    self.area = area
  }
}

extension AxisScale {
  /// Widens the axis on which one unit would be longer than on the other; logarithmic axes stay.
  fileprivate static func equalise(_ x: inout AxisScale, _ y: inout AxisScale, in area: Rectangle) {
    guard x.kind == .linear, y.kind == .linear else { return }
    let unit = max((x.high - x.low) / area.width, (y.high - y.low) / area.height)
    x.widen(to: unit * area.width)
    y.widen(to: unit * area.height)
  }
}

extension Rectangle {
  func overlaps(_ other: Rectangle) -> Bool {
    x < other.right && other.x < right && y < other.bottom && other.y < bottom
  }
}

extension [Double] {
  func withScale<Result>(_ body: (AxisScale) -> Result) -> Result {
    body(AxisScale(.linear, of: self, ends: .tight))
  }
}
