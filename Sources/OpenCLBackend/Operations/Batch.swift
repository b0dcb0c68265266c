import Programs

extension BatchSource {
  /// `row_length, first_image, batch` for a buffer of `rows` images, counting samples.
  func withIndices(_ rows: Int) -> [Argument] { [.int(rowLength)] + withoutIndices(rows) }
  /// `first_image, batch`, the latter not counting samples.
  func withoutIndices(_ rows: Int) -> [Argument] { [.int(firstImage), .int(images(rows: rows))] }
}

extension RandomSource {
  /// `stream, key_low, key_high`.
  var arguments: [Argument] {
    [
      .word(stream), .word(UInt32(truncatingIfNeeded: seed)), .word(UInt32(truncatingIfNeeded: seed >> 32)),
    ]
  }
}

extension MapShape {
  /// `channels, pixels`.
  var arguments: [Argument] { [.int(channels), .int(height * width)] }
}

extension LaunchPlanner {
  /// Quads of random elements per work-item: each costs about a hundred operations.
  static let randomSpan = 8

  /// Every image's `count` elements, four to a block of random words, in runs of `span` quads.
  func quads(_ batch: Int, _ count: Int, span: Int) -> Grid { elements(batch, (count + 3) / 4, span: span) }
}
