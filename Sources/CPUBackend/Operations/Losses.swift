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
    let size = MapSize(loss.prediction.images!.shape)
    let part = Part(loss.source, loss.prediction, self)
    let (p, t, each) = (blocks(loss.prediction), blocks(loss.target), blocks(loss.perImage))
    let g = loss.gradient.map(blocks)
    return perBlock(loss.prediction) { block, worker, step in
      body(
        LossBlock(
          size: size, prediction: p(block, worker), target: t(part.imageBlock(block), worker),
          perImage: each(block, worker), gradient: g?(block, worker),
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
