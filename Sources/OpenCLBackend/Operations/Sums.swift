import Kernels
import Programs

extension LaunchPlanner {
  /// Vectors that a work-item takes in element-wise work over parameters.
  static let vectorSpan = 32

  func launches(_ d: SumPartials) -> [Launch] {
    let (count, span) = (d.segments.count * Blocking.segment, span(Self.vectorSpan))
    return [
      Launch(
        .sumPartials, vectors(count, span: span),
        [
          .buffer(d.partials), .buffer(d.segments), .buffer(d.gradients), .int(d.rows), .int(d.stride),
          .int(count), .int(span),
        ])
    ]
  }

  /// One launch a part; the last one joins them.
  func launches(_ d: SumPerImage) throws -> [Launch] {
    let scratch = try constant("sum per image", [UInt32](repeating: 0, count: d.perImage.count))
    return d.perImage.enumerated().map { part, perImage in
      Launch(
        .sumPerImage, lanesOfOneSum,
        [
          .buffer(perImage), .buffer(d.table), .floats(scratch), .buffer(d.results),
          .int(Blocking.blocks(perImage.images!.batch)), .int(part), .int(d.perImage.count),
          .flag(d.scaled), .int(d.slot), .int(d.slots), .step,
        ])
    }
  }

  /// `count` floats, LANES at a time, in runs of `span`.
  func vectors(_ count: Int, span: Int) -> Grid {
    items((count / options.lanes + span - 1) / span)
  }

  /// One sum over images.
  private var lanesOfOneSum: Grid {
    options.lanes == 1
      ? Grid(global: [Blocking.lanes, 1, 1], local: [Blocking.lanes, 1, 1])
      : Grid(global: [1, 1, 1], local: [1, 1, 1])
  }
}
