import Kernels
import Programs

/// Arguments of `reparameterize_forward`.
struct ReparameterizeForwardArguments: KernelArguments {
  let descriptor: ReparameterizeForward
  let batch: Int
  let count: Int
  let span: Int
  var kernel: Kernel { .reparameterizeForward }
  var arguments: [Argument] {
    let source = descriptor.source
    return [
      .buffer(descriptor.mean), .buffer(descriptor.logVariance), .buffer(source.table),
      .buffer(source.indices), .buffer(descriptor.output), .int(count),
    ] + BatchArguments(source: source, batch: batch).withIndices + descriptor.random.arguments
      + [.int(span), .step]
  }
}

/// Arguments of `reparameterize_backward`.
struct ReparameterizeBackwardArguments: KernelArguments {
  let descriptor: ReparameterizeBackward
  let batch: Int
  let count: Int
  let span: Int
  var kernel: Kernel { .reparameterizeBackward }
  var arguments: [Argument] {
    let (forward, source) = (descriptor.forward, descriptor.forward.source)
    return [
      .buffer(forward.mean), .buffer(forward.logVariance), .buffer(descriptor.outputGradient),
      .buffer(source.table), .buffer(source.indices), .buffer(descriptor.meanGradient),
      .buffer(descriptor.logVarianceGradient), .int(count),
    ] + BatchArguments(source: source, batch: batch).withIndices + forward.random.arguments
      + [.int(span), .step]
  }
}

/// Arguments of `kl_divergence`.
struct KLDivergenceArguments: KernelArguments {
  let descriptor: KLDivergence
  let batch: Int
  let count: Int
  var kernel: Kernel { .klDivergence }
  var arguments: [Argument] {
    [
      .buffer(descriptor.mean), .buffer(descriptor.logVariance), .buffer(descriptor.reconstruction),
      .buffer(descriptor.source.table), .buffer(descriptor.divergence), .buffer(descriptor.total),
      .int(count),
    ] + BatchArguments(source: descriptor.source, batch: batch).withoutIndices + [.step]
  }
}

extension LaunchPlanner {
  func launches(_ d: ReparameterizeForward) -> [Launch] {
    let (batch, shape) = d.output.images!
    let span = span(Self.randomSpan)
    return [
      Launch(
        ReparameterizeForwardArguments(descriptor: d, batch: batch, count: shape.count, span: span),
        quads(batch, shape.count, span: span))
    ]
  }

  func launches(_ d: ReparameterizeBackward) -> [Launch] {
    let (batch, shape) = d.outputGradient.images!
    let span = span(Self.randomSpan)
    return [
      Launch(
        ReparameterizeBackwardArguments(descriptor: d, batch: batch, count: shape.count, span: span),
        quads(batch, shape.count, span: span))
    ]
  }

  func launches(_ d: KLDivergence) -> [Launch] {
    let (batch, shape) = d.mean.images!
    return [Launch(KLDivergenceArguments(descriptor: d, batch: batch, count: shape.count), images(batch))]
  }
}
