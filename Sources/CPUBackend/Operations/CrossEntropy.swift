import CPUKernels
import Programs

extension Memory {
  func launches(_ d: CrossEntropy) -> [Launch] {
    let classes = d.logits.images!.shape.channels
    let (x, part, labels) = (blocks(d.logits), Part(d.source, d.logits, self), bytes(d.labels))
    let (each, correct, g) = (blocks(d.perImage), blocks(d.correct), d.gradient.map(blocks))
    return perBlock(d.logits) { block, worker, step in
      crossEntropy(
        x(block, worker), classes: classes, labels: labels, indices: part.indices(block, step),
        perImage: each(block, worker), correct: correct(block, worker), gradient: g?(block, worker),
        scale: part.float(.gradientScale, step), there: part.there(block, step))
    }
  }
}
