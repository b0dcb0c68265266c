import Numerics

/// log q(z | x) − log p(z) of each sample of the posterior, and the sample's total loss.
///
/// Per sample one chain from +0 over the latent dimensions: acc = fma(½, fma(z, z, −(ε·ε)) − logvar, acc), ε the number
/// that made z; divergence = acc + 0.0; total = fma(klWeight, divergence, reconstruction). Absent samples
/// give +0.
///
/// Source: Burda, Grosse & Salakhutdinov, Importance Weighted Autoencoders (2016): with a weight of 1, −total is
/// log p(x, z) − log q(z | x).
///
/// Shapes: reconstruction, divergence, total [samples of N, 1].
package struct SampledDivergence: Descriptor {
  package let forward: ReparameterizeForward
  package let reconstruction: Buffer
  package let divergence: Buffer
  package let total: Buffer

  /// Throws: ``ProgramError`` if shapes differ.
  package init(
    _ forward: ReparameterizeForward, reconstruction: Buffer, divergence: Buffer, total: Buffer
  ) throws {
    for other in [reconstruction, divergence, total] {
      try requireImages(
        "sampled divergence", other.name, other, forward.output.images!.batch, .features(1))
    }
    self.forward = forward
    self.reconstruction = reconstruction
    self.divergence = divergence
    self.total = total
  }

  package var kind: Operation.Kind { .sampledDivergence }
  package var chunkedBatch: Int? { forward.source.samples == 1 ? total.images?.batch : nil }
  package var reads: [Buffer] {
    [forward.logVariance, forward.output, reconstruction] + forward.source.buffers
  }
  package var writes: [Buffer] { [divergence, total] }
  package var flops: Int { forward.output.count * 60 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// The importance-weighted loss of each image, −log(1/K · Σ exp(−total)), and each sample's weight in its gradient:
/// weights = softmax of −total over the image's K samples.
///
/// Maximum, sum and means over the samples in order, each sum from +0 and ended with + 0.0; see the table of formulas.
/// Absent images give +0.
///
/// Shapes: total, reconstruction, divergence, weights [samples of N, 1]; loss and the means over samples [N, 1].
package struct ImportanceWeights: Descriptor {
  package let total: Buffer
  package let reconstruction: Buffer
  package let divergence: Buffer
  package let weights: Buffer
  package let loss: Buffer
  package let meanReconstruction: Buffer
  package let meanDivergence: Buffer
  /// Of the samples.
  package let source: BatchSource
  /// ln K by our own function, in binary32.
  package var logSamples: Float { Elementary.log(Float(source.samples)) }

  /// Throws: ``ProgramError`` if shapes differ.
  package init(
    total: Buffer, reconstruction: Buffer, divergence: Buffer, weights: Buffer, loss: Buffer,
    meanReconstruction: Buffer, meanDivergence: Buffer, source: BatchSource
  ) throws {
    let (rows, _) = try requireFeatures("importance weights", "total", total)
    try source.check("importance weights", batch: rows)
    for other in [total, reconstruction, divergence, weights] {
      try requireImages("importance weights", other.name, other, rows, .features(1))
    }
    for other in [loss, meanReconstruction, meanDivergence] {
      try requireImages(
        "importance weights", other.name, other, source.images(rows: rows), .features(1))
    }
    self.total = total
    self.reconstruction = reconstruction
    self.divergence = divergence
    self.weights = weights
    self.loss = loss
    self.meanReconstruction = meanReconstruction
    self.meanDivergence = meanDivergence
    self.source = source
  }

  package var kind: Operation.Kind { .importanceWeights }
  package var chunkedBatch: Int? { source.samples == 1 ? loss.images?.batch : nil }
  package var reads: [Buffer] { [total, reconstruction, divergence, source.table] }
  package var writes: [Buffer] { [weights, loss, meanReconstruction, meanDivergence] }
  package var flops: Int { total.count * 60 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// `output = input · weights[sample]`: from gradients of the samples' losses to those of the importance-weighted loss.
///
/// Shapes: input, output [N, C, H, W]; weights [N, 1].
package struct WeighSamples: Descriptor {
  package let input: Buffer
  package let weights: Buffer
  package let output: Buffer

  /// Throws: ``ProgramError`` if shapes differ.
  package init(input: Buffer, weights: Buffer, output: Buffer) throws {
    try requireSame("weigh samples", input, output)
    try requireImages("weigh samples", "weights", weights, input.images!.batch, .features(1))
    self.input = input
    self.weights = weights
    self.output = output
  }

  package var kind: Operation.Kind { .weighSamples }
  package var chunkedBatch: Int? { output.images?.batch }
  package var reads: [Buffer] { [input, weights] }
  package var writes: [Buffer] { [output] }
  package var flops: Int { input.count }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Gradients of μ and logvar through all samples of z, from the decoder (already weighted) and from the sampled
/// divergence; s = klGradientScale.
///
/// Over an image's samples in order, g = fma(z, w · s, dz): dμ = Σ g from +0; dlogvar = −½ · s, then
/// acc = fma(g, ε · (½ · exp(½ · logvar)), acc); both end with + 0.0. The weights sum to 1, so the term −½ · logvar of
/// every sample's divergence counts once in all. Absent images have gradient +0.
///
/// Shapes: outputGradient [samples of N, latent], weights [samples of N, 1], gradients of μ and logvar [N, latent].
package struct ImportanceBackward: Descriptor {
  package let forward: ReparameterizeForward
  package let weights: Buffer
  package let outputGradient: Buffer
  package let meanGradient: Buffer
  package let logVarianceGradient: Buffer

  /// Throws: ``ProgramError`` if shapes differ.
  package init(
    _ forward: ReparameterizeForward, weights: Buffer, outputGradient: Buffer, meanGradient: Buffer,
    logVarianceGradient: Buffer
  ) throws {
    try requireSame("importance backward", forward.output, outputGradient)
    try requireImages(
      "importance backward", "weights", weights, forward.output.images!.batch, .features(1))
    for other in [meanGradient, logVarianceGradient] {
      try requireSame("importance backward", forward.mean, other)
    }
    self.forward = forward
    self.weights = weights
    self.outputGradient = outputGradient
    self.meanGradient = meanGradient
    self.logVarianceGradient = logVarianceGradient
  }

  package var kind: Operation.Kind { .importanceBackward }
  package var chunkedBatch: Int? { forward.source.samples == 1 ? meanGradient.images?.batch : nil }
  package var reads: [Buffer] {
    [forward.logVariance, forward.output, weights, outputGradient] + forward.source.buffers
  }
  package var writes: [Buffer] { [meanGradient, logVarianceGradient] }
  package var flops: Int { outputGradient.count * 90 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}
