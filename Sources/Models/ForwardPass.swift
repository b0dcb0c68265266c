import Numerics
import Programs

/// A batch of images on its way through the layers.
struct Value {
  let buffer: Buffer
  /// Dropout's scale (1 without) where ReLU made these values, so that their gradient needs a mask; else nil.
  let maskScale: Float?

  /// The mask of the gradient with respect to these values.
  var mask: ReLUMask? { maskScale.map { ReLUMask(buffer, scale: $0) } }
}

/// Everything that a forward pass leaves for the loss and the backward pass.
struct ForwardPass {
  let source: BatchSource
  let batch: Int
  /// The clean images.
  var target: Buffer?
  /// `inputs[i]` goes into layer i; the last is what leaves the model.
  var inputs: [Value?]
  /// How the posterior was sampled.
  var posterior: ReparameterizeForward?
  /// Mean and log-variance of the posterior.
  var moments: (mean: Buffer, logVariance: Buffer)?

  var output: Buffer { inputs.last!!.buffer }
}

/// How a forward pass differs between training and evaluation.
struct PassStyle {
  /// Names of its buffers begin with this.
  let prefix: String
  let isTraining: Bool
  let noise: Double
  /// Layers whose output the host wants to read.
  let persistent: Set<Int>
  let samples: Bool
}

extension Lowering {
  /// Images of the batch, clean and as the first layer sees them.
  mutating func lowerInput(_ source: BatchSource, batch: Int, _ style: PassStyle) throws -> ForwardPass {
    let clean = images(style.prefix + "images", batch: batch, architecture.input)
    operations.append(.gatherImages(try GatherImages(dataset: dataset, source: source, output: clean)))
    var pass = ForwardPass(source: source, batch: batch, target: clean, inputs: [])
    var input = clean
    if style.noise > 0 {
      input = images(style.prefix + "noisy", batch: batch, architecture.input)
      operations.append(
        .addNoise(
          try AddNoise(
            input: clean, output: input, source: source,
            random: random(style.isTraining ? .noise : .evaluationNoise), factor: Float(style.noise))))
    }
    pass.inputs = [Value(buffer: input, maskScale: nil)]
    return pass
  }

  /// The layers from `first` on; `pass.inputs[first]` must be there.
  mutating func lowerLayers(from first: Int = 0, _ pass: inout ForwardPass, _ style: PassStyle) throws {
    for index in architecture.layers.indices.dropFirst(first) {
      let layer = architecture.layers[index]
      let input = pass.inputs[index]!
      let shape = try layer.output(of: input.buffer.images!.shape)
      let name = style.prefix + layer.name
      let output = builder.buffer(
        layer.isPosterior ? name + ".mu" : name, .images(batch: pass.batch, shape),
        style.persistent.contains(index) ? .persistent : .transient)
      switch layer.kind {
      case .convolution, .transposedConvolution:
        let (weight, bias) = tensors(layer: index)
        let convolution = try layer.convolution(input.buffer.images!.shape, batch: pass.batch)!
        operations.append(
          .convolutionForward(
            try ConvolutionForward(
              convolution, input: input.buffer, weight: parameters[weight], bias: parameters[bias],
              output: output, activation: layer.activation)))
      case .linear:
        try appendLinear(index, module: 0, input.buffer, output, layer.activation)
      case .posterior:
        pass.inputs.append(try lowerPosterior(index, input.buffer, output, &pass, style))
        continue
      case .flatten:
        operations.append(.flatten(try Flatten(input: input.buffer, output: output)))
        // The copy is positive where the original is, so it can mask its own gradient.
        pass.inputs.append(Value(buffer: output, maskScale: input.maskScale))
        continue
      case .unflatten:
        operations.append(.unflatten(try Unflatten(input: input.buffer, output: output)))
        pass.inputs.append(Value(buffer: output, maskScale: input.maskScale))
        continue
      }
      pass.inputs.append(try lowerDropout(index, output, pass, style))
    }
  }

  private mutating func lowerDropout(
    _ index: Int, _ output: Buffer, _ pass: ForwardPass, _ style: PassStyle
  ) throws -> Value {
    let layer = architecture.layers[index]
    guard style.isTraining, layer.dropout > 0 else {
      return Value(buffer: output, maskScale: layer.activation == .relu ? 1 : nil)
    }
    let dropped = images(output.name + ".dropped", batch: pass.batch, output.images!.shape)
    operations.append(
      .dropoutForward(
        try DropoutForward(
          input: output, output: dropped, source: pass.source, random: random(.dropout, layer: index),
          probability: layer.dropout)))
    return Value(buffer: dropped, maskScale: DropoutForward.scale(layer.dropout))
  }

  /// Mean, log-variance and a sample of the posterior; without sampling its mean goes on.
  private mutating func lowerPosterior(
    _ index: Int, _ input: Buffer, _ mean: Buffer, _ pass: inout ForwardPass, _ style: PassStyle
  ) throws -> Value {
    let name = style.prefix + architecture.layers[index].name
    let logVariance = builder.buffer(name + ".logvar", mean.contents, mean.storage)
    try appendLinear(index, module: 0, input, mean, .identity)
    try appendLinear(index, module: 1, input, logVariance, .identity)
    pass.moments = (mean, logVariance)
    guard style.samples else { return Value(buffer: mean, maskScale: nil) }
    let sample = builder.buffer(name + ".sample", mean.contents, mean.storage)
    let operation = try ReparameterizeForward(
      mean: mean, logVariance: logVariance, output: sample, source: pass.source,
      random: random(style.isTraining ? .reparameterization : .evaluationReparameterization))
    operations.append(.reparameterizeForward(operation))
    pass.posterior = operation
    return Value(buffer: sample, maskScale: nil)
  }

  private mutating func appendLinear(
    _ index: Int, module: Int, _ input: Buffer, _ output: Buffer, _ activation: Activation
  ) throws {
    let (weight, bias) = tensors(layer: index, module: module)
    operations.append(
      .linearForward(
        try LinearForward(
          input: input, weight: parameters[weight], bias: parameters[bias], output: output,
          activation: activation)))
  }

  /// Every image's losses, by metric, and the gradient with respect to what the last layer computes before its
  /// activation (where `wantsGradient`).
  mutating func lowerLoss(
    _ pass: ForwardPass, _ style: PassStyle, wantsGradient: Bool, storage: Buffer.Storage
  ) throws -> (perImage: [Metric: Buffer], gradient: Buffer?) {
    func one(_ name: String, _ lowering: inout Lowering) -> Buffer {
      lowering.builder.buffer(
        style.prefix + name, .images(batch: pass.batch, .features(1)), storage)
    }
    let gradient =
      wantsGradient
      ? images(style.prefix + "output.gradient", batch: pass.batch, pass.output.images!.shape) : nil
    let first = one(architecture.isVariational ? "reconstruction" : "loss", &self)
    func reconstruction() -> ReconstructionLoss {
      ReconstructionLoss(
        prediction: pass.output, target: pass.target!, perImage: first, gradient: gradient,
        activation: architecture.layers.last!.activation, source: pass.source)
    }
    switch configuration.loss {
    case .meanSquaredError: operations.append(.meanSquaredError(try MeanSquaredError(reconstruction())))
    case .binaryCrossEntropy: operations.append(.binaryCrossEntropy(try BinaryCrossEntropy(reconstruction())))
    case .crossEntropy:
      let correct = one("correct", &self)
      operations.append(
        .crossEntropy(
          try CrossEntropy(
            logits: pass.output, labels: labels!, source: pass.source, perImage: first, correct: correct,
            gradient: gradient)))
      return ([.loss: first, .correct: correct], gradient)
    }
    guard let moments = pass.moments else { return ([.loss: first], gradient) }
    let divergence = one("kl", &self)
    let total = one("loss", &self)
    operations.append(
      .klDivergence(
        try KLDivergence(
          mean: moments.mean, logVariance: moments.logVariance, reconstruction: first, divergence: divergence,
          total: total, source: pass.source)))
    return ([.loss: total, .reconstruction: first, .klDivergence: divergence], gradient)
  }
}
