/// A heat map of a matrix, with numbers in the cells if there is room.
package struct HeatMap: Sendable, Equatable {
  /// The colour scale of the cells.
  package enum Shading: Sendable {
    /// Relative to the smallest and the largest value.
    case range
    /// The value's share of its row's sum; off the diagonal it is an error with another colour, whose strength is the
    /// fourth root of the share, so that rare errors are visible.
    case confusion
  }

  /// What it shows.
  package var title: String
  /// A description, used as alternative text.
  package var description: String
  /// What rows are.
  package var rowTitle: String
  /// What columns are.
  package var columnTitle: String
  /// A name for each row; numbers if there are fewer.
  package var rows: [String]
  /// A name for each column; numbers if there are fewer.
  package var columns: [String]
  /// The numbers, row by row; rows may be shorter than others, and a number that is not finite leaves its cell empty.
  package var values: [[Double]]
  /// Decimals of the numbers in the cells; nil: no numbers.
  package var places: Int?
  /// The colour scale.
  package var shading: Shading

  package init(
    title: String = "", description: String = "", rowTitle: String = "", columnTitle: String = "",
    rows: [String] = [], columns: [String] = [], values: [[Double]], places: Int? = 2,
    shading: Shading = .range
  ) {
    self.title = title
    self.description = description
    self.rowTitle = rowTitle
    self.columnTitle = columnTitle
    self.rows = rows
    self.columns = columns
    self.values = values
    self.places = places
    self.shading = shading
  }

  /// A confusion matrix: true classes in rows, predictions in columns.
  package init(title: String = "", description: String = "", confusion: [[Int]], names: [String] = []) {
    self.init(
      title: title, description: description, rowTitle: "rows: true class",
      columnTitle: "columns: predicted class", rows: names, columns: names,
      values: confusion.map { $0.map(Double.init) }, places: 0, shading: .confusion)
  }

  /// The chart as a drawing.
  package func drawing(width: Int = 560, height: Int = 560) -> Drawing {
    var drawing = Drawing(width: width, height: height, title: title, description: description)
    let top = drawing.heading(rowTitle)
    let count = (rows: values.count, columns: values.map(\.count).max() ?? 0)
    guard count.rows > 0, count.columns > 0 else { return drawing }
    func names(_ given: [String], _ count: Int, _ room: Double) -> [String] {
      (0..<count).map {
        Lettering.fitted($0 < given.count ? given[$0] : "\($0)", width: room, size: TextSize.tick)
      }
    }
    func longest(_ names: [String]) -> Double {
      names.map { Lettering.width($0, size: TextSize.tick) * 1.1 }.max() ?? 0
    }
    let rows = names(self.rows, count.rows, drawing.frame.width * 0.3)
    let left = 12 + longest(rows) + 8
    let columns = names(self.columns, count.columns, drawing.frame.height * 0.3)
    let isSlanted = longest(columns) + 6 > (drawing.frame.width - left - 16) / Double(count.columns)
    let footing = (isSlanted ? longest(columns) * 0.5.squareRoot() + 10 : TextSize.tick + 6)
    let area = drawing.frame.inset(
      left: left, top: top + 2, right: 16, bottom: footing + (columnTitle.isEmpty ? 8 : TextSize.label + 14))
    let cell = Point(area.width / Double(count.columns), area.height / Double(count.rows))
    let span = span
    for (row, line) in values.enumerated() {
      for (column, value) in line.enumerated() {
        let box = Rectangle(
          x: area.x + Double(column) * cell.x, y: area.y + Double(row) * cell.y, width: cell.x, height: cell.y
        )
        draw(
          value, strength(value, row, column, within: span), isFault: shading == .confusion && row != column,
          in: box, on: &drawing)
      }
    }
    drawNames(rows, columns, isSlanted: isSlanted, in: area, cell: cell, on: &drawing)
    drawing.text(
      Lettering.fitted(columnTitle, width: area.width, size: TextSize.label),
      at: Point(area.x + area.width / 2, area.bottom + footing + TextSize.label), size: TextSize.label,
      .muted, .centred)
    return drawing
  }

  /// The smallest and the largest value; nil without two different ones.
  private var span: ClosedRange<Double>? {
    let finite = values.joined().filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max(), high > low else { return nil }
    return low...high
  }

  /// The strength of the colour, from 0 to 1; nil for an empty cell.
  private func strength(_ value: Double, _ row: Int, _ column: Int, within span: ClosedRange<Double>?)
    -> Double?
  {
    guard value.isFinite else { return nil }
    switch shading {
    case .range:
      guard let span else { return 0.5 }
      // Halved, since the difference of two finite numbers may not be finite.
      return (value / 2 - span.lowerBound / 2) / (span.upperBound / 2 - span.lowerBound / 2)
    case .confusion:
      let sum = values[row].reduce(0) { $1.isFinite && $1 > 0 ? $0 + $1 : $0 }
      guard sum > 0, value > 0 else { return 0 }
      return row == column ? value / sum : (value / sum).squareRoot().squareRoot()
    }
  }

  private func draw(
    _ value: Double, _ strength: Double?, isFault: Bool, in box: Rectangle, on drawing: inout Drawing
  ) {
    let inner = box.inset(right: min(1, box.width / 8), bottom: min(1, box.height / 8))
    drawing.box(inner, .grid, opacity: 0.5)
    guard let strength else { return }
    let paint = isFault ? Paint.fault : .accent
    // Rounded as in SVG, so that SVG and PNG choose the same text colour.
    let opacity = (strength * 100).rounded() / 100
    if opacity > 0 { drawing.box(inner, paint, opacity: opacity) }
    guard let places, !(shading == .confusion && value == 0) else { return }
    let size = min(TextSize.label, box.height * 0.55)
    let words = Numerals.fixed(value, places)
    guard size >= 6, Lettering.width(words, size: size) * 1.1 <= box.width - 2 else { return }
    drawing.text(
      words, at: Point(box.x + box.width / 2, box.y + box.height / 2 + size * 0.35), size: size,
      .on(paint, opacity: opacity), .centred)
  }

  private func drawNames(
    _ rows: [String], _ columns: [String], isSlanted: Bool, in area: Rectangle, cell: Point,
    on drawing: inout Drawing
  ) {
    /// Every n-th label has room.
    func every(_ room: Double) -> Int { max(1, Int((TextSize.tick / room).rounded(.up))) }
    for (row, name) in rows.enumerated() where row % every(cell.y) == 0 {
      drawing.text(
        name, at: Point(area.x - 8, area.y + (Double(row) + 0.5) * cell.y + TextSize.tick * 0.35),
        size: TextSize.tick, .muted, .toEnd)
    }
    for (column, name) in columns.enumerated() where column % every(cell.x) == 0 {
      let middle = area.x + (Double(column) + 0.5) * cell.x
      drawing.text(
        name,
        at: Point(middle + (isSlanted ? 4 : 0), area.bottom + 4 + TextSize.tick * (isSlanted ? 0.5 : 0.85)),
        size: TextSize.tick, .muted,
        TextStyle(anchor: isSlanted ? .end : .middle, direction: isSlanted ? .slant : .right))
    }
  }
}
