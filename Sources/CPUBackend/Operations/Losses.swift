import CPUKernels
import Programs

extension MeanSquaredError {
  func launch(_ memory: Memory) -> Launch {
    loss.launch(memory) { [throughSigmoid = loss.activation == .sigmoid] block in
      meanSquaredError(
        block.prediction, block.target, block.size, perImage: block.perImage, gradient: block.gradient,
        scale: block.scale, throughSigmoid: throughSigmoid, there: block.there)
    }
  }
}

extension BinaryCrossEntropy {
  func launch(_ memory: Memory) -> Launch {
    loss.launch(memory) { block in
      binaryCrossEntropy(
        block.prediction, block.target, block.size, perImage: block.perImage, gradient: block.gradient,
        scale: block.scale, there: block.there)
    }
  }
}

/// One block of a reconstruction loss.
private struct LossBlock {
  let size: MapSize
  let prediction: MutableImages
  let target: MutableImages
  let perImage: MutableImages
  let gradient: MutableImages?
  let scale: Float
  let there: Int
}

extension ReconstructionLoss {
  fileprivate func launch(_ memory: Memory, _ body: @escaping (LossBlock) -> Void) -> Launch {
    let shape = prediction.images!.shape
    let (size, vectors, part) = (MapSize(shape), 2 * shape.count, Part(source, prediction, memory))
    let (p, t, each) = (memory.images(prediction), memory.images(target), memory.images(perImage))
    let g = gradient.map(memory.images)
    return perBlock(prediction) { block, step in
      body(
        LossBlock(
          size: size, prediction: p + block * vectors, target: t + block * vectors,
          perImage: each + block * 2,
          gradient: g.map { $0 + block * vectors }, scale: part.float(.gradientScale, step),
          there: part.there(block, step)))
    }
  }
}

extension CrossEntropy {
  func launch(_ memory: Memory) -> Launch {
    let classes = logits.images!.shape.channels
    let (x, part, labels) = (memory.images(logits), Part(source, logits, memory), memory.bytes(labels))
    let (each, correct, g) = (memory.images(perImage), memory.images(correct), gradient.map(memory.images))
    return perBlock(logits) { block, step in
      crossEntropy(
        x + block * classes * 2, classes: classes, labels: labels, indices: part.indices(block, step),
        perImage: each + block * 2, correct: correct + block * 2,
        gradient: g.map { $0 + block * classes * 2 },
        scale: part.float(.gradientScale, step), there: part.there(block, step))
    }
  }
}
