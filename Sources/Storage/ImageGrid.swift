/// Puts equal tiles side by side into one image, each pixel enlarged to a square.
///
/// A margin runs around and between the tiles: `n` tiles of width `w` take `n × (w + margin) + margin`
/// pixels, times the scale.
public struct ImageGrid: Sendable, Equatable {
  /// Pixels per row of a tile.
  public let tileWidth: Int
  /// Rows of a tile.
  public let tileHeight: Int
  /// Pixels between tiles and around them, before scaling.
  public let margin: Int
  /// How many pixels wide and high one pixel becomes.
  public let scale: Int
  /// The shade of the margin and of places without a tile.
  public let background: UInt8

  /// A way of composing; tiles are 28 × 28 unless said otherwise.
  ///
  /// Sizes and scale must be positive and the margin not negative; anything else traps.
  public init(
    tileWidth: Int = 28, tileHeight: Int = 28, margin: Int = 2, scale: Int = 2, background: UInt8 = 128
  ) {
    precondition(
      tileWidth > 0 && tileHeight > 0 && margin >= 0 && scale > 0,
      "ImageGrid: tiles of \(tileWidth) × \(tileHeight), margin \(margin), scale \(scale)")
    self.tileWidth = tileWidth
    self.tileHeight = tileHeight
    self.margin = margin
    self.scale = scale
    self.background = background
  }

  /// Composes rows of tiles; a row may be shorter than others.
  ///
  /// - Parameter rows: per row its tiles, each `tileHeight × tileWidth` values row by row; at least one tile,
  ///   and no tile of another size, or the call traps.
  public func image(rows: [[[UInt8]]]) -> GrayImage {
    let columns = rows.map(\.count).max() ?? 0
    precondition(columns > 0, "ImageGrid: no tiles")
    var canvas = GrayImage(
      width: (columns * (tileWidth + margin) + margin) * scale,
      height: (rows.count * (tileHeight + margin) + margin) * scale,
      shade: background)
    for (row, tiles) in rows.enumerated() {
      for (column, tile) in tiles.enumerated() {
        precondition(
          tile.count == tileWidth * tileHeight,
          "ImageGrid: tile (\(row), \(column)) has \(tile.count) pixels, not \(tileWidth) × \(tileHeight)")
        let left = (column * (tileWidth + margin) + margin) * scale
        let top = (row * (tileHeight + margin) + margin) * scale
        for y in 0..<tileHeight * scale {
          for x in 0..<tileWidth * scale {
            canvas[left + x, top + y] = tile[y / scale * tileWidth + x / scale]
          }
        }
      }
    }
    return canvas
  }

  /// Composes originals over their reconstructions: a row of the one, below it the row of the other, and so on.
  ///
  /// - Parameters:
  ///   - originals: tiles.
  ///   - reconstructions: as many tiles.
  ///   - columns: tiles to a row.
  public func image(originals: [[UInt8]], over reconstructions: [[UInt8]], columns: Int) -> GrayImage {
    precondition(
      originals.count == reconstructions.count,
      "ImageGrid: \(originals.count) originals over \(reconstructions.count) reconstructions")
    let upper = Self.rows(originals, columns: columns)
    let lower = Self.rows(reconstructions, columns: columns)
    return image(rows: zip(upper, lower).flatMap { [$0, $1] })
  }

  private static func rows(_ tiles: [[UInt8]], columns: Int) -> [[[UInt8]]] {
    precondition(columns > 0, "ImageGrid: \(columns) columns")
    return stride(from: 0, to: tiles.count, by: columns).map {
      Array(tiles[$0..<min($0 + columns, tiles.count)])
    }
  }
}
