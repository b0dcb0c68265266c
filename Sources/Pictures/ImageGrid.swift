/// Composes pictures of one size into a grid, with each pixel enlarged to a square.
///
/// A margin runs around and between the tiles: `n` tiles of width `w` take `n × (w + margin) + margin`
/// pixels, times the scale. If any tile is in colour, so is the grid.
public struct ImageGrid: Sendable, Equatable {
  /// Pixels between tiles and around them, before scaling.
  public let margin: Int
  /// How many pixels wide and high one pixel becomes; nil: enough for tiles of 48 pixels or more.
  public let scale: Int?
  /// The shade of the margin and of places without a tile.
  public let background: UInt8

  private static let smallestSide = 48

  /// A grid layout.
  ///
  /// The scale must be positive and the margin not negative; anything else traps.
  public init(margin: Int = 2, scale: Int? = nil, background: UInt8 = 128) {
    precondition(margin >= 0 && scale ?? 1 > 0, "ImageGrid: margin \(margin), scale \(scale ?? 1)")
    self.margin = margin
    self.scale = scale
    self.background = background
  }

  /// How many pixels wide and high one pixel of such tiles becomes.
  func scale(for tile: (width: Int, height: Int)) -> Int {
    let longest = max(tile.width, tile.height)
    return scale ?? max(1, (Self.smallestSide + longest - 1) / longest)
  }

  /// Composes rows of tiles; a row may be shorter than others.
  ///
  /// - Parameter rows: the tiles of each row; at least one, and all of one size, or the call traps.
  public func picture(rows: [[Picture]]) -> Picture {
    let tiles = rows.joined()
    guard let first = tiles.first else { preconditionFailure("ImageGrid: no tiles") }
    let columns = rows.map(\.count).max()!
    let scale = scale(for: (first.width, first.height))
    var canvas = Picture(
      channels: tiles.map(\.channels).max()!,
      width: (columns * (first.width + margin) + margin) * scale,
      height: (rows.count * (first.height + margin) + margin) * scale, shade: background)
    for (row, tiles) in rows.enumerated() {
      for (column, tile) in tiles.enumerated() {
        precondition(
          tile.width == first.width && tile.height == first.height,
          "ImageGrid: tile (\(row), \(column)) is \(tile.width) × \(tile.height), "
            + "the first \(first.width) × \(first.height)")
        let left = (column * (first.width + margin) + margin) * scale
        let top = (row * (first.height + margin) + margin) * scale
        canvas.put(tile, left: left, top: top, scale: scale)
      }
    }
    return canvas
  }

  /// Composes originals over their reconstructions: a row of originals, below it their reconstructions, and so on.
  ///
  /// - Parameters:
  ///   - originals: tiles.
  ///   - reconstructions: as many tiles.
  ///   - columns: tiles per row.
  public func picture(_ originals: [Picture], over reconstructions: [Picture], columns: Int) -> Picture {
    picture(stacked: [originals, reconstructions], columns: columns)
  }

  /// Composes the stages of images: a row of the first stage, below it the other stages, and so on.
  ///
  /// - Parameters:
  ///   - stages: the same number of tiles each.
  ///   - columns: tiles per row.
  package func picture(stacked stages: [[Picture]], columns: Int) -> Picture {
    precondition(
      Set(stages.map(\.count)).count == 1,
      "ImageGrid: \(stages.map { "\($0.count)" }.joined(separator: " over ")) tiles")
    let rows = stages.map { Self.rows($0, columns: columns) }
    return picture(rows: rows[0].indices.flatMap { row in rows.map { $0[row] } })
  }

  private static func rows(_ tiles: [Picture], columns: Int) -> [[Picture]] {
    precondition(columns > 0, "ImageGrid: \(columns) columns")
    return stride(from: 0, to: tiles.count, by: columns).map {
      Array(tiles[$0..<min($0 + columns, tiles.count)])
    }
  }
}

extension Picture {
  /// Draws an enlarged tile at (left, top); a gray tile may lie in a colour picture.
  fileprivate mutating func put(_ tile: Picture, left: Int, top: Int, scale: Int) {
    let tile = channels == 3 ? tile.inColour : tile
    var line = [UInt8](repeating: 0, count: tile.width * scale * channels)
    for y in 0..<tile.height {
      for place in line.indices {
        let x = place / channels / scale
        line[place] = tile.pixels[(y * tile.width + x) * channels + place % channels]
      }
      for copy in 0..<scale {
        let start = ((top + y * scale + copy) * width + left) * channels
        pixels.replaceSubrange(start..<start + line.count, with: line)
      }
    }
  }
}
