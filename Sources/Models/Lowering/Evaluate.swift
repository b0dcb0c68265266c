import Programs

/// The result of lowering `evaluate`.
package struct EvaluateHandles {
  package let mode: EvaluationMode
  package let batches: BatchBuffers
  /// Reconstructions, logits of pixels or logits of classes.
  package let outputs: Buffer
  /// The latent code (a posterior's mean); an *input* in mode ``EvaluationMode/decode``.
  package let code: Buffer
  /// For a posterior: the logarithm of its variance.
  package let logVariance: Buffer?
  /// For a posterior that is sampled: the sample.
  package let sample: Buffer?
  /// Every image's loss (for a posterior, without the KL divergence), unscaled; nil in `decode`. In `likelihood` every
  /// sample's log q(z | x) − log p(x, z).
  package let perImage: Buffer?
}

extension Lowering {
  /// The routine `evaluate`: one batch forward, with its losses; code and outputs stay readable.
  mutating func lowerEvaluate(_ shape: EvaluationShape) throws -> EvaluateHandles {
    let batch = shape.batch
    let batches = batchBuffers("evaluation", steps: shape.steps, batch: batch, rowLength: batch)
    let source = BatchSource(table: batches.table, indices: batches.indices, rowLength: batch)
    let codeLayer = architecture.codeLayer
    let style = PassStyle(
      prefix: "evaluate.", isTraining: false, noise: shape.noise ?? architecture.noise,
      binarise: shape.binarise ?? configuration.binarise,
      persistent: shape.mode.isLikelihood ? [] : [codeLayer, architecture.layers.count - 1],
      samples: samples(shape.mode))

    if shape.mode == .decode {
      let code = builder.buffer(
        "evaluate.code", .images(batch: batch, try architecture.shapes()[codeLayer]), .persistent)
      let before = [Value?](repeating: nil, count: codeLayer + 1)
      var pass = ForwardPass(
        source: source, batch: batch, target: nil, inputs: before + [Value(buffer: code, maskScale: nil)])
      try lowerLayers(from: codeLayer + 1, &pass, style)
      finish(.evaluate)
      return EvaluateHandles(
        mode: shape.mode, batches: batches, outputs: pass.output, code: code, logVariance: nil, sample: nil,
        perImage: nil)
    }
    var pass = try lowerInput(source, batch: batch, style)
    try lowerLayers(&pass, style)
    if shape.mode.isLikelihood {
      let samples = try lowerSamples(pass, style, gradient: nil, storage: .persistent)
      finish(.evaluate)
      return EvaluateHandles(
        mode: shape.mode, batches: batches, outputs: pass.output, code: pass.moments!.mean,
        logVariance: nil, sample: nil, perImage: samples.total)
    }
    let losses = try lowerLoss(&pass, style, wantsGradient: false, storage: .persistent).perImage
    let sums = lossSums("evaluate", parts: 1)
    try sumLosses(losses, into: sums, part: 0)
    try joinLosses(sums, parts: 1, batches)
    finish(.evaluate)
    return EvaluateHandles(
      mode: shape.mode, batches: batches, outputs: pass.output,
      code: pass.moments?.mean ?? pass.inputs[codeLayer + 1]!.buffer, logVariance: pass.moments?.logVariance,
      sample: pass.posterior?.output, perImage: losses[.reconstruction] ?? losses[.loss]!)
  }

  /// Number of posterior samples per image.
  private func samples(_ mode: EvaluationMode) -> Int {
    switch mode {
    case .sample: configuration.posteriorSamples
    case .likelihood(let samples): samples
    case .mean, .decode: 0
    }
  }
}
