import CPUKernels
import Programs

extension ReparameterizeForward {
  func launch(_ memory: Memory) -> Launch {
    let (mean, variance, z) = (memory.images(mean), memory.images(logVariance), memory.images(output))
    let (latent, part, random) = (output.images!.shape.channels, Part(source, output, memory), random)
    return perBlock(output) { block, step in
      let at = block * latent * 2
      reparameterize(
        mean: mean + at, logVariance: variance + at, latent: latent, random: part.random(random, block, step),
        output: z + at)
    }
  }
}

extension ReparameterizeBackward {
  func launch(_ memory: Memory) -> Launch {
    let (mean, variance) = (memory.images(forward.mean), memory.images(forward.logVariance))
    let (g, toMean, toVariance) = (
      memory.images(outputGradient), memory.images(meanGradient), memory.images(logVarianceGradient)
    )
    let (latent, random) = (outputGradient.images!.shape.channels, forward.random)
    let part = Part(forward.source, outputGradient, memory)
    return perBlock(outputGradient) { block, step in
      let at = block * latent * 2
      reparameterizeBackward(
        mean: mean + at, logVariance: variance + at, latent: latent, random: part.random(random, block, step),
        outputGradient: g + at, meanGradient: toMean + at, logVarianceGradient: toVariance + at,
        scale: part.float(.klGradientScale, step), there: part.there(block, step))
    }
  }
}

extension KLDivergence {
  func launch(_ memory: Memory) -> Launch {
    let (mean, variance, latent) = (
      memory.images(mean), memory.images(logVariance), mean.images!.shape.channels
    )
    let (reconstruction, divergence) = (memory.images(reconstruction), memory.images(divergence))
    let (total, part) = (memory.images(total), Part(source, divergenceBuffer, memory))
    return perBlock(divergenceBuffer) { block, step in
      let at = block * latent * 2
      klDivergence(
        mean: mean + at, logVariance: variance + at, latent: latent,
        reconstruction: reconstruction + block * 2,
        divergence: divergence + block * 2, total: total + block * 2, weight: part.float(.klWeight, step),
        there: part.there(block, step))
    }
  }

  private var divergenceBuffer: Buffer { divergence }
}
