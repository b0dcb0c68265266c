import Kernels
import Programs

/// Arguments of `cross_entropy`.
struct CrossEntropyArguments: KernelArguments {
  let descriptor: CrossEntropy
  let batch: Int
  let classes: Int
  var kernel: Kernel { .crossEntropy }
  var arguments: [Argument] {
    let source = descriptor.source
    return [
      .buffer(descriptor.logits), .buffer(descriptor.labels), .buffer(source.table), .buffer(source.indices),
      .buffer(descriptor.perImage), .buffer(descriptor.correct),
      .buffer(descriptor.gradient ?? descriptor.perImage), .int(classes),
    ] + BatchArguments(source: source, batch: batch).withIndices + [.flag(descriptor.gradient != nil), .step]
  }
}

extension LaunchPlanner {
  func launches(_ d: CrossEntropy) -> [Launch] {
    let (batch, shape) = d.logits.images!
    return [
      Launch(CrossEntropyArguments(descriptor: d, batch: batch, classes: shape.channels), images(batch))
    ]
  }
}
