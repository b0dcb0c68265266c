import Kernels
import Programs

extension LaunchPlanner {
  func launches(_ d: SampledDivergence) -> [Launch] {
    let (rows, shape) = d.forward.output.images!
    let source = d.forward.source
    return [
      Launch(
        .sampledDivergence, images(rows),
        [
          .buffer(d.forward.output), .buffer(d.forward.logVariance), .buffer(d.reconstruction),
          .buffer(source.table), .buffer(source.indices), .buffer(d.divergence), .buffer(d.total),
          .int(shape.count),
        ] + source.withIndices(rows) + d.forward.random.arguments + [.step])
    ]
  }

  func launches(_ d: ImportanceWeights) -> [Launch] {
    [
      Launch(
        .importanceWeights, images(d.loss.images!.batch),
        [
          .buffer(d.total), .buffer(d.reconstruction), .buffer(d.divergence), .buffer(d.source.table),
          .buffer(d.weights), .buffer(d.loss), .buffer(d.meanReconstruction), .buffer(d.meanDivergence),
          .int(d.source.samples), .float(d.logSamples),
        ] + d.source.withoutIndices(d.total.images!.batch) + [.step])
    ]
  }

  func launches(_ d: WeighSamples) -> [Launch] {
    let (batch, shape) = d.output.images!
    let span = span(Self.elementSpan)
    return [
      Launch(
        .weighSamples, elements(batch, shape.count, span: span),
        [.buffer(d.input), .buffer(d.weights), .buffer(d.output), .int(shape.count), .int(span)])
    ]
  }

  func launches(_ d: ImportanceBackward) -> [Launch] {
    let (batch, shape) = d.meanGradient.images!
    let (forward, source, span) = (d.forward, d.forward.source, span(Self.randomSpan))
    return [
      Launch(
        .importanceBackward, quads(batch, shape.count, span: span),
        [
          .buffer(forward.output), .buffer(forward.logVariance), .buffer(d.weights),
          .buffer(d.outputGradient),
          .buffer(source.table), .buffer(source.indices), .buffer(d.meanGradient),
          .buffer(d.logVarianceGradient), .int(shape.count), .int(source.samples),
        ] + source.withIndices(forward.output.images!.batch) + forward.random.arguments
          + [.int(span), .step])
    ]
  }
}
