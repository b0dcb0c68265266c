import CPUKernels
import Programs

extension Memory {
  func launches(_ d: MeanSquaredError) -> [Launch] {
    reconstruction(d.loss) { [throughSigmoid = d.loss.activation == .sigmoid] block in
      meanSquaredError(
        block.prediction, block.target, block.size, perImage: block.perImage, gradient: block.gradient,
        scale: block.scale, throughSigmoid: throughSigmoid, there: block.there)
    }
  }

  func launches(_ d: BinaryCrossEntropy) -> [Launch] {
    reconstruction(d.loss) { block in
      binaryCrossEntropy(
        block.prediction, block.target, block.size, perImage: block.perImage, gradient: block.gradient,
        scale: block.scale, there: block.there)
    }
  }

  private func reconstruction(
    _ loss: ReconstructionLoss, _ body: @escaping (LossBlock) -> Void
  ) -> [Launch] {
    let (size, vectors) = (MapSize(loss.prediction.images!.shape), loss.prediction.blockVectors)
    let part = Part(loss.source, loss.prediction, self)
    let (p, t, each) = (images(loss.prediction), images(loss.target), images(loss.perImage))
    let g = loss.gradient.map(images)
    return perBlock(loss.prediction) { block, step in
      body(
        LossBlock(
          size: size, prediction: p + block * vectors, target: t + part.imageBlock(block) * vectors,
          perImage: each + block * 2, gradient: g.map { $0 + block * vectors },
          scale: part.float(.gradientScale, step), there: part.there(block, step)))
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
