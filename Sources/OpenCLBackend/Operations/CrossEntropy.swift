import Kernels
import Programs

extension LaunchPlanner {
  func launches(_ d: CrossEntropy) -> [Launch] {
    let (batch, shape) = d.logits.images!
    return [
      Launch(
        .crossEntropy, images(batch),
        [
          .buffer(d.logits), .buffer(d.labels), .buffer(d.source.table), .buffer(d.source.indices),
          .buffer(d.perImage), .buffer(d.correct), .buffer(d.gradient ?? d.perImage), .int(shape.channels),
        ] + d.source.withIndices(batch) + [.flag(d.gradient != nil), .step])
    ]
  }
}
