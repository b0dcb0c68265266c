/// Pictures in labelled rows and columns: noise ladders, reconstructions over the epochs, samples.
package struct Mosaic: Sendable, Equatable {
  /// One row.
  package struct Row: Sendable, Equatable {
    /// The label at its left.
    package var name: String
    /// Its pictures, all of one size.
    package var pictures: [Picture]

    package init(_ name: String = "", _ pictures: [Picture]) {
      self.name = name
      self.pictures = pictures
    }
  }

  /// What it shows.
  package var title: String
  /// A description, used as alternative text.
  package var description: String
  /// What the columns are: `noise factor`.
  package var columnTitle: String
  /// The labels above the columns; may be fewer than the columns.
  package var columns: [String]
  /// The rows; one may be shorter than others.
  package var rows: [Row]
  /// Units between pictures.
  package var gap: Int

  package init(
    title: String = "", description: String = "", columnTitle: String = "", columns: [String] = [],
    rows: [Row],
    gap: Int = 3
  ) {
    self.title = title
    self.description = description
    self.columnTitle = columnTitle
    self.columns = columns
    self.rows = rows
    self.gap = max(0, gap)
  }

  /// The mosaic as a drawing.
  ///
  /// - Parameter zoom: units per pixel; nil: enough for pictures of 48 units or more.
  package func drawing(zoom: Int? = nil) -> Drawing {
    let sizes = rows.flatMap(\.pictures).map { (width: $0.width, height: $0.height) }
    let size = (width: sizes.map(\.width).max() ?? 1, height: sizes.map(\.height).max() ?? 1)
    let zoom = max(1, zoom ?? (47 + max(size.width, size.height)) / max(size.width, size.height))
    let tile = (width: Double(size.width * zoom), height: Double(size.height * zoom))
    let count = rows.map(\.pictures.count).max() ?? 0
    let left = rows.map { Lettering.width($0.name, size: TextSize.label) * 1.1 }.max() ?? 0
    let start = left > 0 ? 12 + left.rounded(.up) + 8 : 12
    let step = (x: tile.width + Double(gap), y: tile.height + Double(gap))
    let heading =
      (title.isEmpty ? 0.0 : 21) + (columnTitle.isEmpty ? 0 : 19) + 12 + (columns.isEmpty ? 0 : 18)
    let least = max(
      Lettering.width(title, size: TextSize.title, isBold: true),
      Lettering.width(columnTitle, size: TextSize.label))
    var drawing = Drawing(
      width: Int(max(start + step.x * Double(count) + 12, min(least * 1.1 + 24, 640))),
      height: Int(heading + step.y * Double(rows.count) + 12), title: title, description: description)
    let top = drawing.heading(columnTitle) + (columns.isEmpty ? 0 : 18)
    for (column, name) in columns.prefix(count).enumerated() {
      drawing.text(
        Lettering.fitted(name, width: step.x, size: TextSize.tick),
        at: Point(start + Double(column) * step.x + tile.width / 2, top - 6), size: TextSize.tick, .muted,
        .centred)
    }
    for (row, line) in rows.enumerated() {
      let y = top + Double(row) * step.y
      drawing.text(
        line.name, at: Point(start - 8, y + tile.height / 2 + TextSize.label * 0.35), size: TextSize.label,
        .ink, .toEnd)
      guard gap > 0 else { continue }
      for (column, picture) in line.pictures.enumerated() {
        drawing.picture(
          picture,
          in: Rectangle(
            x: start + Double(column) * step.x, y: y, width: Double(picture.width * zoom),
            height: Double(picture.height * zoom)))
      }
    }
    if gap == 0, count > 0, sizes.allSatisfy({ $0 == size }) {
      // Seamless: one picture.
      let whole = ImageGrid(margin: 0, scale: 1).picture(rows: rows.map(\.pictures))
      drawing.picture(
        whole,
        in: Rectangle(
          x: start, y: top, width: Double(whole.width * zoom), height: Double(whole.height * zoom)))
    }
    return drawing
  }
}
