/// Rows of tiles with labels at the left, such as images above their reconstructions.
///
/// The right part is an unchanged picture of an ``ImageGrid``, so that tiles can be cut out again (``Layout``).
package struct LabelledGrid: Sendable, Equatable {
  /// Positions in a picture with the same number of tiles in each row.
  package struct Layout: Sendable, Equatable {
    /// Width of the labels in pixels.
    package let left: Int
    /// Height of a row in pixels, with the margin above it.
    package let row: Int
    /// Width of the picture.
    package let width: Int
    /// Height of the picture.
    package let height: Int
    /// How many pixels wide and high one pixel of a tile is.
    package let scale: Int

    /// - Parameters:
    ///   - names: of all rows.
    ///   - columns: tiles per row.
    ///   - tile: size of a tile.
    package init(
      names: [String], columns: Int, tile: (width: Int, height: Int), grid: ImageGrid = ImageGrid()
    ) {
      let words = names.map { Lettering.width($0, size: TextSize.title) * 1.1 }.max() ?? 0
      left = words > 0 ? Int(words.rounded(.up)) + 16 : 0
      scale = grid.scale(for: tile)
      row = (tile.height + grid.margin) * scale
      width = left + (columns * (tile.width + grid.margin) + grid.margin) * scale
      height = names.count * row + grid.margin * scale
    }
  }

  /// How tiles are put together.
  package let grid: ImageGrid

  /// Tiles with margins as `grid` has them.
  package init(_ grid: ImageGrid = ImageGrid()) { self.grid = grid }

  /// Composes the stages of images: a row of the first stage, below it those of the others, and so on with the next
  /// images.
  ///
  /// - Parameters:
  ///   - stages: the name of each, and the same number of tiles each, all of one size; at least one.
  ///   - columns: tiles per row.
  package func picture(_ stages: [(name: String, tiles: [Picture])], columns: Int) -> Picture {
    let tiles = grid.picture(stacked: stages.map(\.tiles), columns: columns)
    guard let first = stages.first?.tiles.first else { return tiles }
    let blocks = (stages[0].tiles.count + columns - 1) / columns
    let layout = Layout(
      names: (0..<blocks).flatMap { _ in stages.map(\.name) }, columns: columns,
      tile: (first.width, first.height), grid: grid)
    guard layout.left > 0 else { return tiles }
    let words = stages.map { Self.words($0.name, width: layout.left, height: layout.row) }
    var lines: [UInt8] = []
    lines.reserveCapacity(layout.width * tiles.height * tiles.channels)
    for y in 0..<tiles.height {
      // The last margin is below all labels.
      let (row, line) = (y / layout.row, y % layout.row)
      if row < blocks * stages.count {
        let start = line * layout.left
        for shade in words[row % stages.count].pixels[start..<start + layout.left] {
          for _ in 0..<tiles.channels { lines.append(shade) }
        }
      } else {
        lines += [UInt8](repeating: .max, count: layout.left * tiles.channels)
      }
      let start = y * tiles.width * tiles.channels
      lines += tiles.pixels[start..<start + tiles.width * tiles.channels]
    }
    return Picture(
      channels: tiles.channels, width: layout.left + tiles.width, height: tiles.height, pixels: lines)
  }

  /// A name in black on white, gray.
  private static func words(_ name: String, width: Int, height: Int) -> Picture {
    var drawing = Drawing(width: width, height: height, title: "", description: name)
    drawing.text(
      name, at: Point(Double(width) - 8, Double(height) / 2 + TextSize.title * 0.35), size: TextSize.title,
      .ink,
      .toEnd)
    let drawn = drawing.picture(scale: 1)
    let step = drawn.channels
    return Picture(
      width: width, height: height, pixels: (0..<width * height).map { drawn.pixels[$0 * step + step / 2] })
  }
}
