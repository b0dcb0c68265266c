/// A sample of the approximate posterior: `z = fma(ε, exp(½ logvar), μ)`, ε normal number e of the sample's stream.
///
/// Source: Kingma & Welling, Auto-Encoding Variational Bayes. Shapes: all [N, latent].
public struct ReparameterizeForward: Descriptor {
  public let mean: Buffer
  public let logVariance: Buffer
  public let output: Buffer
  public let source: BatchSource
  public let random: RandomSource

  /// Throws: ``ProgramError`` where shapes differ.
  public init(
    mean: Buffer, logVariance: Buffer, output: Buffer, source: BatchSource, random: RandomSource
  ) throws {
    _ = try requireFeatures("reparameterize", "mean", mean)
    try requireSame("reparameterize", mean, logVariance)
    try requireSame("reparameterize", mean, output)
    try source.check("reparameterize", batch: mean.images!.batch)
    self.mean = mean
    self.logVariance = logVariance
    self.output = output
    self.source = source
    self.random = random
  }

  public var kind: Operation.Kind { .reparameterizeForward }
  public var chunkedBatch: Int? { output.images?.batch }
  public var reads: [Buffer] { [mean, logVariance] + source.buffers }
  public var writes: [Buffer] { [output] }
  public var flops: Int { output.count * 80 }

  public func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Gradients of z's two parents, from the decoder and from the KL divergence; k = klGradientScale.
///
/// dμ = fma(μ, k, dz); dlogvar = fma(exp(logvar) − 1, ½ · k, dz · (ε · (½ · exp(½ · logvar)))).
/// Images that are not there have gradient +0. Shapes: all [N, latent].
public struct ReparameterizeBackward: Descriptor {
  public let forward: ReparameterizeForward
  public let outputGradient: Buffer
  public let meanGradient: Buffer
  public let logVarianceGradient: Buffer

  /// Throws: ``ProgramError`` where shapes differ.
  public init(
    _ forward: ReparameterizeForward, outputGradient: Buffer, meanGradient: Buffer,
    logVarianceGradient: Buffer
  ) throws {
    for other in [outputGradient, meanGradient, logVarianceGradient] {
      try requireSame("reparameterize backward", forward.output, other)
    }
    self.forward = forward
    self.outputGradient = outputGradient
    self.meanGradient = meanGradient
    self.logVarianceGradient = logVarianceGradient
  }

  public var kind: Operation.Kind { .reparameterizeBackward }
  public var chunkedBatch: Int? { outputGradient.images?.batch }
  public var reads: [Buffer] {
    [forward.mean, forward.logVariance, outputGradient] + forward.source.buffers
  }
  public var writes: [Buffer] { [meanGradient, logVarianceGradient] }
  public var flops: Int { outputGradient.count * 110 }

  public func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// KL divergence of N(μ, σ²) from N(0, 1) of each image, and the loss with it.
///
/// Per image one chain from +0 over the latent dimensions:
/// acc = fma(−½, fma(−μ, μ, 1 + logvar) − exp(logvar), acc); kl = acc + 0.0;
/// total = fma(klWeight, kl, reconstruction). Images that are not there give +0.
///
/// Shapes: mean, logVariance [N, latent]; reconstruction, divergence, total [N, 1].
public struct KLDivergence: Descriptor {
  public let mean: Buffer
  public let logVariance: Buffer
  public let reconstruction: Buffer
  public let divergence: Buffer
  public let total: Buffer
  public let source: BatchSource

  /// Throws: ``ProgramError`` where shapes differ.
  public init(
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

  public var kind: Operation.Kind { .klDivergence }
  public var chunkedBatch: Int? { divergence.images?.batch }
  public var reads: [Buffer] { [mean, logVariance, reconstruction, source.table] }
  public var writes: [Buffer] { [divergence, total] }
  public var flops: Int { mean.count * 25 }

  public func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}
