// Losses. A loss adds its terms to `sum`, per image in element order, in the form given; gradients are multiplied by
// one scale. A finished sum must end with `Summation.closed`.

extension Formulas {
  // MARK: Mean squared error

  /// Adds a squared error to a sum: d = p − t, `fma(d, d, sum)`.
  @inlinable @inline(__always)
  public static func squaredError(_ p: Lanes, _ t: Lanes, addedTo sum: Lanes) -> Lanes {
    let d = p - t
    return fma(d, d, sum)
  }

  /// The gradient of the mean squared error: `(p − t)·scale`, scale = 2 / (elements counted).
  @inlinable @inline(__always)
  public static func squaredErrorGradient(_ p: Lanes, _ t: Lanes, scale: Float) -> Lanes { (p - t) * scale }

  // MARK: Binary cross-entropy on logits

  /// Binary cross-entropy of a logit x and a target t: `fma(−x, t, x > 0 ? x : 0) + ln(1 + e^−|x|)`.
  ///
  /// Stable for every logit: the first part is exact or nearly so where the second is small.
  @inlinable @inline(__always)
  public static func binaryCrossEntropy(_ x: Lanes, _ t: Lanes) -> Lanes {
    fma(x.negated, t, relu(x)) + Elementary.softplusTail(x)
  }

  /// The gradient of binary cross-entropy with respect to the logit: `(sigmoid(x) − t)·scale`.
  @inlinable @inline(__always)
  public static func binaryCrossEntropyGradient(_ x: Lanes, _ t: Lanes, scale: Float) -> Lanes {
    (Elementary.sigmoid(x) - t) * scale
  }

  // MARK: Softmax and cross-entropy

  // Over the classes of an image, in class order: m = maximum (from class 0, `x > m ? x : m`), the sum
  // s = Σ exp(x − m) from +0 on, ended with + 0, then the formulas below. The predicted class is the lowest
  // index of the maximum (`x > m` replaces it).

  /// Adds the exponential of one class to a sum: `sum + exp(x − m)`.
  @inlinable @inline(__always)
  public static func softmaxSum(logit x: Lanes, maximum m: Lanes, addedTo sum: Lanes) -> Lanes {
    sum + Elementary.exp(x - m)
  }

  /// The cross-entropy of the label's logit: `ln s − (x − m)`.
  @inlinable @inline(__always)
  public static func crossEntropy(logit x: Lanes, maximum m: Lanes, sum s: Lanes) -> Lanes {
    Elementary.log(s) - (x - m)
  }

  /// The softmax of one class: `exp(x − m) ÷ s`.
  @inlinable @inline(__always)
  public static func softmax(logit x: Lanes, maximum m: Lanes, sum s: Lanes) -> Lanes {
    Elementary.exp(x - m) / s
  }

  /// The gradient of the cross-entropy: `(softmax − target)·scale`, target 1 for the label and else 0.
  @inlinable @inline(__always)
  public static func crossEntropyGradient(_ softmax: Lanes, target: Lanes, scale: Float) -> Lanes {
    (softmax - target) * scale
  }

  // MARK: Variational latent

  /// Adds the divergence of one latent value from the standard normal: −½(1 + logvar − μ² − e^logvar), as
  /// `fma(−½, fma(−μ, μ, 1 + logvar) − exp(logvar), sum)`.
  @inlinable @inline(__always)
  public static func divergence(mean: Lanes, logVariance: Lanes, addedTo sum: Lanes) -> Lanes {
    fma(fma(mean.negated, mean, 1 + logVariance) - Elementary.exp(logVariance), -0.5, sum)
  }

  /// The whole loss of an image: `fma(weight, divergence, reconstruction)`.
  @inlinable @inline(__always)
  public static func variationalLoss(reconstruction: Lanes, divergence: Lanes, weight: Float) -> Lanes {
    fma(divergence, weight, reconstruction)
  }

  /// The latent sample: `z = fma(ε, exp(½·logvar), μ)`.
  @inlinable @inline(__always)
  public static func reparameterize(mean: Lanes, logVariance: Lanes, noise: Lanes) -> Lanes {
    fma(noise, Elementary.exp(0.5 * logVariance), mean)
  }

  /// The gradient with respect to μ, through z and from the divergence together: `fma(μ, scale, g)`, g the gradient of
  /// z and scale the weight of the divergence.
  @inlinable @inline(__always)
  public static func meanGradient(_ g: Lanes, mean: Lanes, scale: Float) -> Lanes { fma(mean, scale, g) }

  /// The gradient with respect to logvar, through z and from the divergence together:
  /// `fma(exp(logvar) − 1, ½·scale, g·(ε·(½·exp(½·logvar))))`.
  @inlinable @inline(__always)
  public static func logVarianceGradient(
    _ g: Lanes, logVariance: Lanes, noise: Lanes, scale: Float
  ) -> Lanes {
    let deviation = Elementary.exp(0.5 * logVariance)
    return fma(Elementary.exp(logVariance) - 1, 0.5 * scale, g * (noise * (0.5 * deviation)))
  }

  // MARK: Importance-weighted samples

  // Over the K samples of an image, in order: ℓ is a sample's loss, reconstruction plus `sampledDivergence`; the
  // weights are the softmax of −ℓ, with maximum and sum as above.

  /// Adds log q(z | x) − log p(z) of one latent value z = μ + ε·exp(½·logvar), whose constants cancel:
  /// ½(z² − ε² − logvar), as `fma(½, fma(z, z, −(ε·ε)) − logvar, sum)`.
  ///
  /// Uses ε itself: where logvar is small, z is rounded to μ, and (z − μ)² carries no information.
  @inlinable @inline(__always)
  public static func sampledDivergence(
    _ z: Lanes, logVariance: Lanes, noise: Lanes, addedTo sum: Lanes
  ) -> Lanes {
    fma(fma(z, z, (noise * noise).negated) - logVariance, 0.5, sum)
  }

  /// The loss −log(1/K · Σ exp(−ℓ)): `(ln K − ln s) − m`, m the maximum of −ℓ and s the sum of exp(−ℓ − m).
  @inlinable @inline(__always)
  public static func importanceLoss(maximum m: Lanes, sum s: Lanes, logSamples: Float) -> Lanes {
    (logSamples - Elementary.log(s)) - m
  }

  /// The mean of a value over the samples: `sum ÷ K`.
  @inlinable @inline(__always)
  public static func sampleMean(_ sum: Lanes, samples: Float) -> Lanes { sum / samples }

  /// A gradient of one sample's loss, weighted as in the whole loss: `g·w`.
  @inlinable @inline(__always)
  public static func weightedGradient(_ g: Lanes, weight w: Lanes) -> Lanes { g * w }

  /// The gradient with respect to a sample z, from the decoder (g) and from its divergence: `fma(z, w·scale, g)`.
  @inlinable @inline(__always)
  public static func importanceCodeGradient(_ g: Lanes, code z: Lanes, weight w: Lanes, scale: Float) -> Lanes
  {
    fma(z, w * scale, g)
  }

  /// Adds what reaches logvar through a sample: `fma(g, ε·(½·exp(½·logvar)), sum)`, g the gradient of z.
  @inlinable @inline(__always)
  public static func importanceLogVarianceGradient(
    _ g: Lanes, logVariance: Lanes, noise: Lanes, addedTo sum: Lanes
  ) -> Lanes {
    fma(g, noise * (0.5 * Elementary.exp(0.5 * logVariance)), sum)
  }
}
