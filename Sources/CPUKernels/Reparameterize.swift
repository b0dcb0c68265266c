import Numerics

/// One block of samples of the approximate posterior.
public func reparameterize(
  mean: Images, logVariance: Images, latent: Int, random: RandomBlock, output: MutableImages
) {
  forEachNormal(latent, random) { place, noise, _ in
    output[place] = Formulas.reparameterize(mean: mean[place], logVariance: logVariance[place], noise: noise)
  }
}

/// One block: the gradients of μ and logvar; `scale` is the KL divergence's weight in them. Only the first `there`
/// images count.
public func reparameterizeBackward(
  mean: Images, logVariance: Images, latent: Int, random: RandomBlock, outputGradient: Images,
  meanGradient: MutableImages, logVarianceGradient: MutableImages, scale: Float, there: Int
) {
  forEachNormal(latent, random) { place, noise, half in
    let (g, mask) = (outputGradient[place], laneMask(there, half))
    meanGradient[place] = cleared(Formulas.meanGradient(g, mean: mean[place], scale: scale), mask)
    logVarianceGradient[place] = cleared(
      Formulas.logVarianceGradient(g, logVariance: logVariance[place], noise: noise, scale: scale), mask)
  }
}

@inline(__always) func forEachNormal(
  _ latent: Int, _ random: RandomBlock, _ body: (_ place: Int, _ noise: Lanes, _ half: Int) -> Void
) {
  for half in 0..<2 {
    let samples = samples(random.indices + 8 * half, random.count - 8 * half)
    for quad in 0..<(latent + 3) / 4 {
      let n = random.normals(samples, quad)
      let (place, left) = (8 * quad + half, latent - 4 * quad)
      body(place, n.0, half)
      if left > 1 { body(place + 2, n.1, half) }
      if left > 2 { body(place + 4, n.2, half) }
      if left > 3 { body(place + 6, n.3, half) }
    }
  }
}

/// One block: the KL divergence of each image and its total loss. Only the first `there` images count.
public func klDivergence(
  mean: Images, logVariance: Images, latent: Int, reconstruction: Images, divergence: MutableImages,
  total: MutableImages, weight: Float, there: Int
) {
  for half in 0..<2 {
    let mask = laneMask(there, half)
    var sum = Lanes(repeating: 0)
    for i in 0..<latent {
      let place = 2 * i + half
      sum = Formulas.divergence(mean: mean[place], logVariance: logVariance[place], addedTo: sum)
    }
    sum = Summation.closed(sum)
    divergence[half] = cleared(sum, mask)
    let loss = Formulas.variationalLoss(
      reconstruction: reconstruction[half], divergence: sum, weight: weight)
    total[half] = cleared(loss, mask)
  }
}
