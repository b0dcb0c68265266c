import CPUKernels
import Programs

extension Memory {
  func launches(_ d: ReparameterizeForward) -> [Launch] {
    let (mean, variance, z) = (images(d.mean), images(d.logVariance), images(d.output))
    let (latent, part, random) = (d.output.images!.shape.channels, Part(d.source, d.output, self), d.random)
    return perBlock(d.output) { block, step in
      let at = part.imageBlock(block) * latent * 2
      reparameterize(
        mean: mean + at, logVariance: variance + at, latent: latent, random: part.random(random, block, step),
        output: z + block * latent * 2)
    }
  }

  func launches(_ d: ReparameterizeBackward) -> [Launch] {
    let (mean, variance) = (images(d.forward.mean), images(d.forward.logVariance))
    let (g, toMean, toVariance) = (
      images(d.outputGradient), images(d.meanGradient), images(d.logVarianceGradient)
    )
    let (latent, random) = (d.outputGradient.images!.shape.channels, d.forward.random)
    let part = Part(d.forward.source, d.outputGradient, self)
    return perBlock(d.outputGradient) { block, step in
      let at = block * latent * 2
      reparameterizeBackward(
        mean: mean + at, logVariance: variance + at, latent: latent, random: part.random(random, block, step),
        outputGradient: g + at, meanGradient: toMean + at, logVarianceGradient: toVariance + at,
        scale: part.float(.klGradientScale, step), there: part.there(block, step))
    }
  }

  func launches(_ d: KLDivergence) -> [Launch] {
    let (mean, variance, latent) = (images(d.mean), images(d.logVariance), d.mean.images!.shape.channels)
    let (reconstruction, divergence, total) = (
      images(d.reconstruction), images(d.divergence), images(d.total)
    )
    let part = Part(d.source, d.divergence, self)
    return perBlock(d.divergence) { block, step in
      let at = block * latent * 2
      klDivergence(
        mean: mean + at, logVariance: variance + at, latent: latent,
        reconstruction: reconstruction + block * 2, divergence: divergence + block * 2,
        total: total + block * 2, weight: part.float(.klWeight, step), there: part.there(block, step))
    }
  }
}
