import CPUKernels
import Numerics
import Programs

extension Memory {
  func launches(_ d: SampledDivergence) -> [Launch] {
    let (code, variance) = (images(d.forward.output), images(d.forward.logVariance))
    let (error, divergence, total) = (images(d.reconstruction), images(d.divergence), images(d.total))
    let (latent, random) = (d.forward.output.images!.shape.channels, d.forward.random)
    let part = Part(d.forward.source, d.forward.output, self)
    return perBlock(d.total) { block, step in
      sampledDivergence(
        code + block * latent * 2, logVariance: variance + part.imageBlock(block) * latent * 2,
        latent: latent, random: part.random(random, block, step), reconstruction: error + block * 2,
        divergence: divergence + block * 2, total: total + block * 2, weight: part.float(.klWeight, step),
        there: part.there(block, step))
    }
  }

  func launches(_ d: ImportanceWeights) -> [Launch] {
    let (total, error, divergence) = (images(d.total), images(d.reconstruction), images(d.divergence))
    let (weights, loss) = (images(d.weights), images(d.loss))
    let (meanError, meanDivergence) = (images(d.meanReconstruction), images(d.meanDivergence))
    let (part, logSamples) = (Part(d.source, d.total, self), d.logSamples)
    return perBlock(d.loss) { block, step in
      let at = block * 2
      importanceWeights(
        total: total + at, reconstruction: error + at, divergence: divergence + at, samples: part.samples,
        logSamples: logSamples, weights: weights + at, loss: loss + at, meanReconstruction: meanError + at,
        meanDivergence: meanDivergence + at, there: part.there(block, step))
    }
  }

  func launches(_ d: WeighSamples) -> [Launch] {
    let (from, weights, to) = (images(d.input), images(d.weights), images(d.output))
    let (values, vectors) = (d.output.images!.shape.count, d.output.blockVectors)
    return perBlock(d.output) { block, _ in
      weighSamples(
        from + block * vectors, weights: weights + block * 2, values: values, output: to + block * vectors)
    }
  }

  func launches(_ d: ImportanceBackward) -> [Launch] {
    let (code, variance) = (images(d.forward.output), images(d.forward.logVariance))
    let (weights, g) = (images(d.weights), images(d.outputGradient))
    let (toMean, toVariance) = (images(d.meanGradient), images(d.logVarianceGradient))
    let (latent, random) = (d.forward.output.images!.shape.channels, d.forward.random)
    let part = Part(d.forward.source, d.forward.output, self)
    return perBlock(d.meanGradient) { block, step in
      let at = block * latent * 2
      importanceBackward(
        code + at, logVariance: variance + at, latent: latent, samples: part.samples,
        random: part.random(random, block, step), weights: weights + block * 2, outputGradient: g + at,
        meanGradient: toMean + at, logVarianceGradient: toVariance + at,
        scale: part.float(.klGradientScale, step), there: part.there(block, step))
    }
  }
}
