import CPUKernels
import Programs

extension Memory {
  func launches(_ d: ReparameterizeForward) -> [Launch] {
    let (mean, variance, z) = (blocks(d.mean), blocks(d.logVariance), blocks(d.output))
    let (latent, part, random) = (d.output.images!.shape.channels, Part(d.source, d.output, self), d.random)
    return perBlock(d.output) { block, worker, step in
      let image = part.imageBlock(block)
      reparameterize(
        mean: mean(image, worker), logVariance: variance(image, worker), latent: latent,
        random: part.random(random, block, step), output: z(block, worker))
    }
  }

  func launches(_ d: ReparameterizeBackward) -> [Launch] {
    let (mean, variance) = (blocks(d.forward.mean), blocks(d.forward.logVariance))
    let (g, toMean, toVariance) = (
      blocks(d.outputGradient), blocks(d.meanGradient), blocks(d.logVarianceGradient)
    )
    let (latent, random) = (d.outputGradient.images!.shape.channels, d.forward.random)
    let part = Part(d.forward.source, d.outputGradient, self)
    return perBlock(d.outputGradient) { block, worker, step in
      reparameterizeBackward(
        mean: mean(block, worker), logVariance: variance(block, worker), latent: latent,
        random: part.random(random, block, step), outputGradient: g(block, worker),
        meanGradient: toMean(block, worker), logVarianceGradient: toVariance(block, worker),
        scale: part.float(.klGradientScale, step), there: part.there(block, step))
    }
  }

  func launches(_ d: KLDivergence) -> [Launch] {
    let (mean, variance, latent) = (blocks(d.mean), blocks(d.logVariance), d.mean.images!.shape.channels)
    let (reconstruction, divergence, total) = (
      blocks(d.reconstruction), blocks(d.divergence), blocks(d.total)
    )
    let part = Part(d.source, d.divergence, self)
    return perBlock(d.divergence) { block, worker, step in
      klDivergence(
        mean: mean(block, worker), logVariance: variance(block, worker), latent: latent,
        reconstruction: reconstruction(block, worker), divergence: divergence(block, worker),
        total: total(block, worker), weight: part.float(.klWeight, step), there: part.there(block, step))
    }
  }
}
