/// Trials as lines across vertical axes: one axis per setting, the last for the result, which also colours the line.
package struct ParallelCoordinates: Sendable, Equatable {
  /// One setting of all trials.
  package struct Column: Sendable, Equatable {
    enum Values: Sendable, Equatable {
      case numbers([Double], ScaleKind)
      case names([String])
    }

    /// What it is, with its unit.
    package var title: String
    let values: Values

    /// A setting that is a number; one that is not finite leaves a gap.
    package init(_ title: String, _ values: [Double], scale: ScaleKind = .linear) {
      self.title = title
      self.values = .numbers(values, scale)
    }

    /// A setting that has a name; an empty one leaves a gap.
    package init(_ title: String, _ values: [String]) {
      self.title = title
      self.values = .names(values)
    }
  }

  /// What it shows.
  package var title: String
  /// A description, used as alternative text.
  package var description: String
  /// The settings.
  package var columns: [Column]
  /// The result of each trial; trials with a result that is not finite are omitted.
  package var results: [Double]
  /// The axis of the results, with their unit.
  package var resultAxis: Axis
  /// Whether low results are good; good ones have strong colours and are at the top, and the best is marked.
  package var lowIsGood: Bool

  /// A chart of trials.
  package init(
    title: String = "", description: String = "", columns: [Column], results: [Double], resultAxis: Axis,
    lowIsGood: Bool = true
  ) {
    self.title = title
    self.description = description
    self.columns = columns
    self.results = results
    self.resultAxis = resultAxis
    self.lowIsGood = lowIsGood
  }

  /// The chart as a drawing.
  package func drawing(width: Int = 860, height: Int = 420) -> Drawing {
    var drawing = Drawing(width: width, height: height, title: title, description: description)
    let trials = results.indices.filter { results[$0].isFinite }
    let scale = AxisScale(resultAxis.scale, of: trials.map { results[$0] })
    let axes = columns.map { UprightAxis($0, trials) } + [UprightAxis(resultAxis.title, scale, results)]
    let top = drawing.heading() + 24
    let area = drawing.frame.inset(left: 56, top: top, right: 90, bottom: 22)
    let gap = area.width / Double(max(1, axes.count - 1))
    func left(_ index: Int) -> Double { crisp(axes.count == 1 ? area.right : area.x + Double(index) * gap) }
    // The best is drawn last, on top of all others.
    let order = trials.sorted {
      let (a, b) = lowIsGood ? (results[$1], results[$0]) : (results[$0], results[$1])
      return (a, $0) < (b, $1)
    }
    let opacity = max(0.3, min(0.9, 40 / Double(max(1, order.count))))
    for trial in order {
      let isBest = trial == order.last
      let share = scale.share(results[trial]) ?? 0
      var parts: [[Point]] = [[]]
      for (index, axis) in axes.enumerated() {
        if let share = axis.share(trial) {
          parts[parts.count - 1].append(Point(left(index), area.bottom - share * area.height))
        } else {
          parts.append([])
        }
      }
      let paint = isBest ? Paint.ink : .level(share: lowIsGood ? 1 - share : share)
      for part in parts {
        drawing.line(part, paint, width: isBest ? 2.5 : 1.5, opacity: isBest ? 1 : opacity)
        if isBest || part.count == 1 { drawing.marks(part, radius: isBest ? 3.5 : 2.5, paint) }
      }
    }
    for (index, axis) in axes.enumerated() {
      axis.draw(on: &drawing, at: left(index), in: area, room: index == axes.count - 1 ? 84 : gap)
    }
    if let best = order.last, let share = scale.share(results[best]) {
      drawing.text(
        "best " + Numerals.significant(results[best], 3),
        at: Point(area.right + 10, area.bottom - share * area.height + TextSize.label * 0.35),
        size: TextSize.label, .ink,
        TextStyle(isBold: true, hasHalo: true))
    }
    return drawing
  }
}

/// One of the vertical axes.
private struct UprightAxis {
  let title: String
  private let shares: [Double?]
  private let ticks: [(share: Double, label: String)]

  private init(title: String, shares: [Double?], ticks: [(share: Double, label: String)]) {
    self.title = title
    self.shares = shares
    self.ticks = ticks
  }

  init(_ title: String, _ scale: AxisScale, _ values: [Double]) {
    self.init(
      title: title, shares: values.map(scale.share),
      ticks: scale.ticks(6).compactMap { tick in scale.share(tick.value).map { ($0, tick.label) } })
  }

  init(_ column: ParallelCoordinates.Column, _ trials: [Int]) {
    switch column.values {
    case .numbers(let values, let kind):
      let shown = trials.filter { $0 < values.count }.map { values[$0] }
      self.init(column.title, AxisScale(kind, of: shown), values)
    case .names(let values):
      let names = Set(trials.filter { $0 < values.count }.map { values[$0] }).subtracting([""])
        .sorted { (Double($0) ?? .infinity, $0) < (Double($1) ?? .infinity, $1) }
      func share(_ name: String) -> Double? {
        names.firstIndex(of: name).map { (Double($0) + 0.5) / Double(names.count) }
      }
      self.init(title: column.title, shares: values.map(share), ticks: names.map { (share($0)!, $0) })
    }
  }

  func share(_ trial: Int) -> Double? { trial < shares.count ? shares[trial] : nil }

  func draw(on drawing: inout Drawing, at x: Double, in area: Rectangle, room: Double) {
    drawing.line([Point(x, area.y), Point(x, area.bottom)], .axis)
    drawing.text(
      Lettering.fitted(title, width: room - 8, size: TextSize.label), at: Point(x, area.y - 10),
      size: TextSize.label,
      .ink, .centred)
    // Labels that are too close are omitted.
    let every = max(1, Int((Double(ticks.count) * 13 / area.height).rounded(.up)))
    for (index, tick) in ticks.enumerated() where index % every == 0 {
      let height = area.bottom - tick.share * area.height
      drawing.line([Point(x - 3, crisp(height)), Point(x + 3, crisp(height))], .axis)
      drawing.text(
        Lettering.fitted(tick.label, width: room - 16, size: TextSize.tick),
        at: Point(x + 7, height + TextSize.tick * 0.35), size: TextSize.tick, .muted, TextStyle(hasHalo: true)
      )
    }
  }
}
