/// A sample of the approximate posterior: `z = fma(ε, exp(½ logvar), μ)`, ε normal number e of the sample's stream.
///
/// Sample k of an image takes the numbers starting at element 4·k·⌈latent / 4⌉.
///
/// Source: Kingma & Welling, Auto-Encoding Variational Bayes. Shapes: mean, logVariance [N, latent]; output [samples of
/// N, latent].
package struct ReparameterizeForward: Descriptor {
  package let mean: Buffer
  package let logVariance: Buffer
  package let output: Buffer
  package let source: BatchSource
  package let random: RandomSource

  /// Throws: ``ProgramError`` if shapes differ.
  package init(
    mean: Buffer, logVariance: Buffer, output: Buffer, source: BatchSource, random: RandomSource
  ) throws {
    let (batch, latent) = try requireFeatures("reparameterize", "mean", mean)
    try requireSame("reparameterize", mean, logVariance)
    try requireImages(
      "reparameterize", "output", output, source.rows(images: batch), .features(latent))
    try source.check("reparameterize", batch: output.images!.batch)
    self.mean = mean
    self.logVariance = logVariance
    self.output = output
    self.source = source
    self.random = random
  }

  package var kind: Operation.Kind { .reparameterizeForward }
  package var chunkedBatch: Int? { source.samples == 1 ? output.images?.batch : nil }
  package var reads: [Buffer] { [mean, logVariance] + source.buffers }
  package var writes: [Buffer] { [output] }
  package var flops: Int { output.count * 80 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Gradients of μ and logvar, from the decoder and from the KL divergence; k = klGradientScale.
///
/// dμ = fma(μ, k, dz); dlogvar = fma(exp(logvar) − 1, ½ · k, dz · (ε · (½ · exp(½ · logvar)))).
/// Absent images have gradient +0. Shapes: all [N, latent]; one sample of each image.
package struct ReparameterizeBackward: Descriptor {
  package let forward: ReparameterizeForward
  package let outputGradient: Buffer
  package let meanGradient: Buffer
  package let logVarianceGradient: Buffer

  /// Throws: ``ProgramError`` if shapes differ.
  package init(
    _ forward: ReparameterizeForward, outputGradient: Buffer, meanGradient: Buffer,
    logVarianceGradient: Buffer
  ) throws {
    for other in [outputGradient, meanGradient, logVarianceGradient] {
      try requireSame("reparameterize backward", forward.mean, other)
    }
    self.forward = forward
    self.outputGradient = outputGradient
    self.meanGradient = meanGradient
    self.logVarianceGradient = logVarianceGradient
  }

  package var kind: Operation.Kind { .reparameterizeBackward }
  package var chunkedBatch: Int? { outputGradient.images?.batch }
  package var reads: [Buffer] {
    [forward.mean, forward.logVariance, outputGradient] + forward.source.buffers
  }
  package var writes: [Buffer] { [meanGradient, logVarianceGradient] }
  package var flops: Int { outputGradient.count * 110 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// KL divergence of N(μ, σ²) from N(0, 1) of each image, and the total loss.
///
/// Per image one chain from +0 over the latent dimensions:
/// acc = fma(−½, fma(−μ, μ, 1 + logvar) − exp(logvar), acc); kl = acc + 0.0;
/// total = fma(klWeight, kl, reconstruction). Absent images give +0.
///
/// Shapes: mean, logVariance [N, latent]; reconstruction, divergence, total [N, 1].
package struct KLDivergence: Descriptor {
  package let mean: Buffer
  package let logVariance: Buffer
  package let reconstruction: Buffer
  package let divergence: Buffer
  package let total: Buffer
  package let source: BatchSource

  /// Throws: ``ProgramError`` if shapes differ.
  package init(
    mean: Buffer, logVariance: Buffer, reconstruction: Buffer, divergence: Buffer, total: Buffer,
    source: BatchSource
  ) throws {
    let (batch, _) = try requireFeatures("KL divergence", "mean", mean)
    try requireSame("KL divergence", mean, logVariance)
    for other in [reconstruction, divergence, total] {
      try requireImages("KL divergence", other.name, other, batch, .features(1))
    }
    try source.check("KL divergence", batch: batch)
    self.mean = mean
    self.logVariance = logVariance
    self.reconstruction = reconstruction
    self.divergence = divergence
    self.total = total
    self.source = source
  }

  package var kind: Operation.Kind { .klDivergence }
  package var chunkedBatch: Int? { divergence.images?.batch }
  package var reads: [Buffer] { [mean, logVariance, reconstruction, source.table] }
  package var writes: [Buffer] { [divergence, total] }
  package var flops: Int { mean.count * 25 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}
