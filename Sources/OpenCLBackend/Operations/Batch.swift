import Programs

/// What kernels are told of the images of a part of a batch.
struct BatchArguments {
  let source: BatchSource
  let batch: Int

  /// `row_length, first_image, batch`.
  var withIndices: [Argument] { [.int(source.rowLength), .int(source.firstImage), .int(batch)] }
  /// `first_image, batch`.
  var withoutIndices: [Argument] { [.int(source.firstImage), .int(batch)] }
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
  /// Quads of random elements that a work-item takes: each costs some hundred operations.
  static let randomSpan = 8

  /// Every image's `count` elements, four to a block of random words, in runs of `span` quads.
  func quads(_ batch: Int, _ count: Int, span: Int) -> Grid { elements(batch, (count + 3) / 4, span: span) }
}
