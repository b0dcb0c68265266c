import Kernels
import Programs

extension LaunchPlanner {
  func launches(_ d: ReparameterizeForward) -> [Launch] {
    let (batch, shape) = d.output.images!
    let span = span(Self.randomSpan)
    return [
      Launch(
        .reparameterizeForward, quads(batch, shape.count, span: span),
        [
          .buffer(d.mean), .buffer(d.logVariance), .buffer(d.source.table), .buffer(d.source.indices),
          .buffer(d.output), .int(shape.count),
        ] + d.source.withIndices(batch) + d.random.arguments + [.int(span), .step])
    ]
  }

  func launches(_ d: ReparameterizeBackward) -> [Launch] {
    let (batch, shape) = d.outputGradient.images!
    let (forward, source, span) = (d.forward, d.forward.source, span(Self.randomSpan))
    return [
      Launch(
        .reparameterizeBackward, quads(batch, shape.count, span: span),
        [
          .buffer(forward.mean), .buffer(forward.logVariance), .buffer(d.outputGradient),
          .buffer(source.table), .buffer(source.indices), .buffer(d.meanGradient),
          .buffer(d.logVarianceGradient), .int(shape.count),
        ] + source.withIndices(batch) + forward.random.arguments + [.int(span), .step])
    ]
  }

  func launches(_ d: KLDivergence) -> [Launch] {
    let (batch, shape) = d.mean.images!
    return [
      Launch(
        .klDivergence, images(batch),
        [
          .buffer(d.mean), .buffer(d.logVariance), .buffer(d.reconstruction), .buffer(d.source.table),
          .buffer(d.divergence), .buffer(d.total), .int(shape.count),
        ] + d.source.withoutIndices(batch) + [.step])
    ]
  }
}
