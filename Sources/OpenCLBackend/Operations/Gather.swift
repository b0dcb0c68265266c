import Kernels
import Programs

/// Arguments of `gather_images`.
struct GatherImagesArguments: KernelArguments {
  let descriptor: GatherImages
  let batch: Int
  let shape: MapShape
  let span: Int
  var kernel: Kernel { .gatherImages }
  var arguments: [Argument] {
    [.buffer(descriptor.dataset), .buffer(descriptor.source.indices), .buffer(descriptor.output)]
      + shape.arguments + BatchArguments(source: descriptor.source, batch: batch).withIndices
      + [.int(span), .step]
  }
}

/// Arguments of `add_noise`.
struct AddNoiseArguments: KernelArguments {
  let descriptor: AddNoise
  let batch: Int
  let shape: MapShape
  let span: Int
  var kernel: Kernel { .addNoise }
  var arguments: [Argument] {
    let source = descriptor.source
    return [
      .buffer(descriptor.input), .buffer(source.table), .buffer(source.indices), .buffer(descriptor.output),
    ] + shape.arguments + BatchArguments(source: source, batch: batch).withIndices
      + descriptor.random.arguments + [.float(descriptor.factor), .int(span), .step]
  }
}

extension LaunchPlanner {
  func launches(_ d: GatherImages) -> [Launch] {
    let (batch, shape) = d.output.images!
    let span = span(Self.elementSpan)
    return [
      Launch(
        GatherImagesArguments(descriptor: d, batch: batch, shape: shape, span: span),
        elements(batch, shape.count, span: span))
    ]
  }

  func launches(_ d: AddNoise) -> [Launch] {
    let (batch, shape) = d.output.images!
    let span = span(Self.randomSpan)
    return [
      Launch(
        AddNoiseArguments(descriptor: d, batch: batch, shape: shape, span: span),
        quads(batch, shape.count, span: span))
    ]
  }
}
