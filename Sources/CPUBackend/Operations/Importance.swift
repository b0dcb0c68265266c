import CPUKernels
import Numerics
import Programs

extension Memory {
  func launches(_ d: SampledDivergence) -> [Launch] {
    let (code, variance) = (blocks(d.forward.output), blocks(d.forward.logVariance))
    let (error, divergence, total) = (blocks(d.reconstruction), blocks(d.divergence), blocks(d.total))
    let (latent, random) = (d.forward.output.images!.shape.channels, d.forward.random)
    let part = Part(d.forward.source, d.forward.output, self)
    return perBlock(d.total) { block, worker, step in
      sampledDivergence(
        code(block, worker), logVariance: variance(part.imageBlock(block), worker), latent: latent,
        random: part.random(random, block, step), reconstruction: error(block, worker),
        divergence: divergence(block, worker), total: total(block, worker),
        weight: part.float(.klWeight, step), there: part.there(block, step))
    }
  }

  func launches(_ d: ImportanceWeights) -> [Launch] {
    let (total, error, divergence) = (blocks(d.total), blocks(d.reconstruction), blocks(d.divergence))
    let (weights, loss) = (blocks(d.weights), blocks(d.loss))
    let (meanError, meanDivergence) = (blocks(d.meanReconstruction), blocks(d.meanDivergence))
    let (part, logSamples) = (Part(d.source, d.total, self), d.logSamples)
    return perBlock(d.loss) { block, worker, step in
      importanceWeights(
        total: total(block, worker), reconstruction: error(block, worker),
        divergence: divergence(block, worker), samples: part.samples, logSamples: logSamples,
        weights: weights(block, worker), loss: loss(block, worker),
        meanReconstruction: meanError(block, worker), meanDivergence: meanDivergence(block, worker),
        there: part.there(block, step))
    }
  }

  func launches(_ d: WeighSamples) -> [Launch] {
    let (from, weights, to) = (blocks(d.input), blocks(d.weights), blocks(d.output))
    let values = d.output.images!.shape.count
    return perBlock(d.output) { block, worker, _ in
      weighSamples(
        from(block, worker), weights: weights(block, worker), values: values, output: to(block, worker))
    }
  }

  func launches(_ d: ImportanceBackward) -> [Launch] {
    let (code, variance) = (blocks(d.forward.output), blocks(d.forward.logVariance))
    let (weights, g) = (blocks(d.weights), blocks(d.outputGradient))
    let (toMean, toVariance) = (blocks(d.meanGradient), blocks(d.logVarianceGradient))
    let (latent, random) = (d.forward.output.images!.shape.channels, d.forward.random)
    let part = Part(d.forward.source, d.forward.output, self)
    return perBlock(d.meanGradient) { block, worker, step in
      importanceBackward(
        code(block, worker), logVariance: variance(block, worker), latent: latent, samples: part.samples,
        random: part.random(random, block, step), weights: weights(block, worker),
        outputGradient: g(block, worker), meanGradient: toMean(block, worker),
        logVarianceGradient: toVariance(block, worker),
        scale: part.float(.klGradientScale, step), there: part.there(block, step))
    }
  }
}
