import Programs

/// The results of a loss.
struct PassLosses {
  /// One value per image, by metric.
  let perImage: [Metric: Buffer]
  /// With respect to the last layer's result before its activation; nil if none is wanted.
  let gradient: Buffer?
}

extension Lowering {
  /// Every image's losses, and their gradient if `wantsGradient`.
  mutating func lowerLoss(
    _ pass: inout ForwardPass, _ style: PassStyle, wantsGradient: Bool, storage: Buffer.Storage
  ) throws -> PassLosses {
    let gradient =
      wantsGradient
      ? images(style.prefix + "output.gradient", batch: pass.batch, pass.output.images!.shape) : nil
    if configuration.loss == .crossEntropy {
      let loss = figure("loss", pass.batch, style, storage)
      let correct = figure("correct", pass.batch, style, storage)
      append(
        try CrossEntropy(
          logits: pass.output, labels: labels!, source: pass.source, perImage: loss, correct: correct,
          gradient: gradient))
      return PassLosses(perImage: [.loss: loss, .correct: correct], gradient: gradient)
    }
    guard let moments = pass.moments else {
      let loss = figure("loss", pass.batch, style, storage)
      try lowerReconstruction(pass, into: loss, gradient)
      return PassLosses(perImage: [.loss: loss], gradient: gradient)
    }
    if configuration.loss == .importanceWeighted, pass.posterior != nil {
      return try lowerImportance(&pass, style, gradient, storage)
    }
    let reconstruction = figure("reconstruction", pass.batch, style, storage)
    try lowerReconstruction(pass, into: reconstruction, gradient)
    let divergence = figure("kl", pass.batch, style, storage)
    let total = figure("loss", pass.batch, style, storage)
    append(
      try KLDivergence(
        mean: moments.mean, logVariance: moments.logVariance, reconstruction: reconstruction,
        divergence: divergence, total: total, source: pass.source))
    return PassLosses(
      perImage: [.loss: total, .reconstruction: reconstruction, .klDivergence: divergence],
      gradient: gradient)
  }

  /// Every sample's loss, reconstruction plus log q(z | x) − log p(z).
  mutating func lowerSamples(
    _ pass: ForwardPass, _ style: PassStyle, gradient: Buffer?, storage: Buffer.Storage
  ) throws -> SampledDivergence {
    let reconstruction = figure("samples.reconstruction", pass.batch, style, .transient)
    try lowerReconstruction(pass, into: reconstruction, gradient)
    let samples = try SampledDivergence(
      pass.posterior!, reconstruction: reconstruction,
      divergence: figure("samples.kl", pass.batch, style, .transient),
      total: figure("samples.loss", pass.batch, style, storage))
    append(samples)
    return samples
  }

  /// The importance-weighted loss, and the gradient of every sample's reconstruction times the sample's weight.
  private mutating func lowerImportance(
    _ pass: inout ForwardPass, _ style: PassStyle, _ gradient: Buffer?, _ storage: Buffer.Storage
  ) throws -> PassLosses {
    let samples = try lowerSamples(pass, style, gradient: gradient, storage: .transient)
    let images = pass.posterior!.mean.images!.batch
    let importance = try ImportanceWeights(
      total: samples.total, reconstruction: samples.reconstruction, divergence: samples.divergence,
      weights: figure("samples.weights", pass.batch, style, .transient),
      loss: figure("loss", images, style, storage),
      meanReconstruction: figure("reconstruction", images, style, storage),
      meanDivergence: figure("kl", images, style, storage), source: pass.source)
    append(importance)
    pass.importance = importance
    var weighed: Buffer?
    if let gradient {
      let output = self.images(
        style.prefix + "output.weighed.gradient", batch: pass.batch, gradient.images!.shape)
      append(try WeighSamples(input: gradient, weights: importance.weights, output: output))
      weighed = output
    }
    return PassLosses(
      perImage: [
        .loss: importance.loss, .reconstruction: importance.meanReconstruction,
        .klDivergence: importance.meanDivergence,
      ], gradient: weighed)
  }

  private mutating func lowerReconstruction(
    _ pass: ForwardPass, into perImage: Buffer, _ gradient: Buffer?
  ) throws {
    guard let activation = architecture.layers.last!.definition.follow.activation.fused else {
      throw ProgramError("loss", "the last layer ends with an activation that no loss takes")
    }
    let loss = ReconstructionLoss(
      prediction: pass.output, target: pass.target!, perImage: perImage, gradient: gradient,
      activation: activation, source: pass.source)
    if configuration.loss == .meanSquaredError {
      append(try MeanSquaredError(loss))
    } else {
      append(try BinaryCrossEntropy(loss))
    }
  }

  /// One value per image.
  private mutating func figure(
    _ name: String, _ batch: Int, _ style: PassStyle, _ storage: Buffer.Storage
  ) -> Buffer {
    builder.buffer(style.prefix + name, .images(batch: batch, .features(1)), storage)
  }
}
