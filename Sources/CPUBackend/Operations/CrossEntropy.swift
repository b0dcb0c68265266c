import CPUKernels
import Programs

extension Memory {
  func launches(_ d: CrossEntropy) -> [Launch] {
    let classes = d.logits.images!.shape.channels
    let (x, part, labels) = (images(d.logits), Part(d.source, d.logits, self), bytes(d.labels))
    let (each, correct, g) = (images(d.perImage), images(d.correct), d.gradient.map(images))
    return perBlock(d.logits) { block, step in
      crossEntropy(
        x + block * classes * 2, classes: classes, labels: labels, indices: part.indices(block, step),
        perImage: each + block * 2, correct: correct + block * 2,
        gradient: g.map { $0 + block * classes * 2 },
        scale: part.float(.gradientScale, step), there: part.there(block, step))
    }
  }
}
