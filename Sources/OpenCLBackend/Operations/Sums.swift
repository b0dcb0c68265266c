import Kernels
import Programs

/// Arguments of `sum_partials`.
struct SumPartialsArguments: KernelArguments {
  let descriptor: SumPartials
  let count: Int
  let span: Int
  var kernel: Kernel { .sumPartials }
  var arguments: [Argument] {
    [
      .buffer(descriptor.partials), .buffer(descriptor.segments), .buffer(descriptor.gradients),
      .int(descriptor.rows), .int(descriptor.stride), .int(count), .int(span),
    ]
  }
}

/// Arguments of `sum_per_image` for one part.
struct SumPerImageArguments: KernelArguments {
  let descriptor: SumPerImage
  let part: Int
  let scratch: DeviceMemory
  var kernel: Kernel { .sumPerImage }
  var arguments: [Argument] {
    let perImage = descriptor.perImage[part]
    return [
      .buffer(perImage), .buffer(descriptor.table), .memory(scratch), .buffer(descriptor.results),
      .int(Blocking.blocks(perImage.images!.batch)), .int(part), .int(descriptor.perImage.count),
      .flag(descriptor.scaled), .int(descriptor.slot), .int(descriptor.slots), .step,
    ]
  }
}

extension LaunchPlanner {
  /// Vectors that a work-item takes in element-wise work over parameters.
  static let vectorSpan = 32

  func launches(_ d: SumPartials) -> [Launch] {
    let (count, span) = (d.segments.count * Blocking.segment, span(Self.vectorSpan))
    return [
      Launch(SumPartialsArguments(descriptor: d, count: count, span: span), vectors(count, span: span))
    ]
  }

  /// One launch a part; the last one joins them.
  func launches(_ d: SumPerImage) throws -> [Launch] {
    let scratch = try constant("sum per image", [UInt32](repeating: 0, count: d.perImage.count))
    return d.perImage.indices.map {
      Launch(SumPerImageArguments(descriptor: d, part: $0, scratch: scratch), lanesOfOneSum)
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
