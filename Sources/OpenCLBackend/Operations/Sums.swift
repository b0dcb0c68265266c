import Kernels
import Programs

extension LaunchPlanner {
  /// Vectors per work-item in element-wise work over parameters.
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

  func launches(_ d: SumPerImage) -> [Launch] {
    [
      Launch(
        .sumPerImage, lanesOfOneSum,
        [
          .buffer(d.perImage), .buffer(d.sums), .int(Blocking.blocks(d.perImage.images!.batch)),
          .int(d.place),
        ])
    ]
  }

  func launches(_ d: JoinLosses) -> [Launch] {
    let scaled = d.scaled.enumerated().reduce(UInt32(0)) { $0 | ($1.element ? 1 << UInt32($1.offset) : 0) }
    return [
      Launch(
        .joinLosses, items(1),
        [
          .buffer(d.sums), .buffer(d.table), .buffer(d.losses), .int(d.parts), .int(d.slots), .word(scaled),
          .step,
        ])
    ]
  }

  /// `count` floats, LANES at a time, in runs of `span`.
  func vectors(_ count: Int, span: Int) -> Grid {
    items((count / options.lanes + span - 1) / span)
  }

  /// One sum over images.
  private var lanesOfOneSum: Grid {
    options.lanes == 1
      ? Grid(global: [Blocking.lanes, 1, 1], local: [Blocking.lanes, 1, 1], lanesMeet: true)
      : Grid(global: [1, 1, 1], local: [1, 1, 1])
  }
}
