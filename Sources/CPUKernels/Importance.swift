import Numerics

/// One block: log q(z | x) − log p(z) of each sample and its total loss. Only the first `there` images count.
public func sampledDivergence(
  _ code: Images, logVariance: Images, latent: Int, random: RandomBlock, reconstruction: Images,
  divergence: MutableImages, total: MutableImages, weight: Float, there: Int
) {
  var sums = (Lanes(repeating: 0), Lanes(repeating: 0))
  forEachNormal(latent, random) { place, noise, half in
    let sum = Formulas.sampledDivergence(
      code[place], logVariance: logVariance[place], noise: noise, addedTo: half == 0 ? sums.0 : sums.1)
    if half == 0 { sums.0 = sum } else { sums.1 = sum }
  }
  for half in 0..<2 {
    let (sum, mask) = (Summation.closed(half == 0 ? sums.0 : sums.1), laneMask(there, half))
    divergence[half] = cleared(sum, mask)
    let loss = Formulas.variationalLoss(reconstruction: reconstruction[half], divergence: sum, weight: weight)
    total[half] = cleared(loss, mask)
  }
}

/// One block of images, `count` samples of which lie `stride` vectors apart.
public struct SampleBlocks {
  let count: Int
  let stride: Int

  public init(count: Int, stride: Int) {
    self.count = count
    self.stride = stride
  }
}

/// One block: each sample's weight, and each image's loss and means. Only the first `there` images count.
public func importanceWeights(
  total: Images, reconstruction: Images, divergence: Images, samples: SampleBlocks, logSamples: Float,
  weights: MutableImages, loss: MutableImages, meanReconstruction: MutableImages,
  meanDivergence: MutableImages, there: Int
) {
  let zero = Lanes(repeating: 0)
  for half in 0..<2 {
    let mask = laneMask(there, half)
    var highest = total[half].negated
    for k in 1..<max(samples.count, 1) {
      let x = total[k * samples.stride + half].negated
      highest = choose(x .> highest, x, highest)
    }
    var (sum, errors, divergences) = (zero, zero, zero)
    for k in 0..<samples.count {
      let place = k * samples.stride + half
      sum = Formulas.softmaxSum(logit: total[place].negated, maximum: highest, addedTo: sum)
      errors = errors + reconstruction[place]
      divergences = divergences + divergence[place]
    }
    sum = Summation.closed(sum)
    for k in 0..<samples.count {
      let place = k * samples.stride + half
      weights[place] = cleared(
        Formulas.softmax(logit: total[place].negated, maximum: highest, sum: sum), mask)
    }
    let (count, bound) = (
      Float(samples.count), Formulas.importanceLoss(maximum: highest, sum: sum, logSamples: logSamples)
    )
    loss[half] = cleared(bound, mask)
    meanReconstruction[half] = cleared(
      Formulas.sampleMean(Summation.closed(errors), samples: count), mask)
    meanDivergence[half] = cleared(
      Formulas.sampleMean(Summation.closed(divergences), samples: count), mask)
  }
}

/// One block: output = input · weight of the sample, over `values` values per image.
public func weighSamples(_ input: Images, weights: Images, values: Int, output: MutableImages) {
  let (low, high) = (weights[0], weights[1])
  for i in 0..<values {
    output[2 * i] = Formulas.weightedGradient(input[2 * i], weight: low)
    output[2 * i + 1] = Formulas.weightedGradient(input[2 * i + 1], weight: high)
  }
}

/// One block: the gradients of μ and logvar over all samples; `random` is that of the first. Only the first `there`
/// images count.
public func importanceBackward(
  _ code: Images, logVariance: Images, latent: Int, samples: SampleBlocks, random: RandomBlock,
  weights: Images,
  outputGradient: Images, meanGradient: MutableImages, logVarianceGradient: MutableImages, scale: Float,
  there: Int
) {
  for place in 0..<2 * latent {
    meanGradient[place] = Lanes(repeating: 0)
    logVarianceGradient[place] = Lanes(repeating: -0.5 * scale)
  }
  for k in 0..<samples.count {
    let (at, own) = (k * samples.stride * latent, k * samples.stride)
    forEachNormal(latent, random.advanced(by: k * ((latent + 3) / 4))) { place, noise, half in
      let g = Formulas.importanceCodeGradient(
        outputGradient[at + place], code: code[at + place], weight: weights[own + half], scale: scale)
      meanGradient[place] = meanGradient[place] + g
      logVarianceGradient[place] = Formulas.importanceLogVarianceGradient(
        g, logVariance: logVariance[place], noise: noise, addedTo: logVarianceGradient[place])
    }
  }
  for place in 0..<2 * latent {
    let mask = laneMask(there, place % 2)
    meanGradient[place] = cleared(Summation.closed(meanGradient[place]), mask)
    logVarianceGradient[place] = cleared(Summation.closed(logVarianceGradient[place]), mask)
  }
}
