import Kernels
import Programs

extension LaunchPlanner {
  func launches(_ d: GatherImages) -> [Launch] {
    let (batch, shape) = d.output.images!
    // If images are work-items, adjacent bytes are fetched together.
    let span = areImagesItems ? 4 : span(Self.elementSpan)
    return [
      Launch(
        .gatherImages, elements(batch, shape.count, span: span),
        [.buffer(d.dataset), .buffer(d.source.indices), .buffer(d.output)] + shape.arguments
          + d.source.withIndices(batch) + [.int(d.rows), .int(span), .step])
    ]
  }

  func launches(_ d: AddNoise) -> [Launch] {
    let (batch, shape) = d.output.images!
    let span = span(Self.randomSpan)
    return [
      Launch(
        .addNoise, quads(batch, shape.count, span: span),
        [.buffer(d.input), .buffer(d.source.table), .buffer(d.source.indices), .buffer(d.output)]
          + shape.arguments + d.source.withIndices(batch) + d.random.arguments
          + [.float(d.factor), .int(span), .step])
    ]
  }

  func launches(_ d: Binarise) -> [Launch] {
    let (batch, shape) = d.output.images!
    let span = span(Self.randomSpan)
    return [
      Launch(
        .binarise, quads(batch, shape.count, span: span),
        [.buffer(d.input), .buffer(d.source.table), .buffer(d.source.indices), .buffer(d.output)]
          + shape.arguments + d.source.withIndices(batch) + d.random.arguments
          + [.flag(d.isFresh), .int(span), .step])
    ]
  }
}
