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
  /// What followed each layer, by its index.
  var followed: [Int: Followed] = [:]
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
    append(try GatherImages(dataset: dataset, source: source, output: clean))
    var pass = ForwardPass(source: source, batch: batch, target: clean, inputs: [])
    var input = clean
    if style.noise > 0 {
      input = images(style.prefix + "noisy", batch: batch, architecture.input)
      append(
        try AddNoise(
          input: clean, output: input, source: source,
          random: random(style.isTraining ? .noise : .evaluationNoise), factor: Float(style.noise)))
    }
    pass.inputs = [Value(buffer: input, maskScale: nil)]
    return pass
  }

  /// The layers from `first` on; `pass.inputs[first]` must be there.
  mutating func lowerLayers(from first: Int = 0, _ pass: inout ForwardPass, _ style: PassStyle) throws {
    for index in architecture.layers.indices.dropFirst(first) {
      let site = site(index, pass, style)
      pass.inputs.append(try architecture.layers[index].definition.forward(site, &pass, &self))
    }
  }

  /// The place of layer `index` in a pass.
  func site(_ index: Int, _ pass: ForwardPass, _ style: PassStyle) -> LayerSite {
    LayerSite(
      index: index, input: pass.inputs[index]!, style: style,
      name: style.prefix + architecture.layers[index].name,
      storage: style.persistent.contains(index) ? .persistent : .transient)
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
    func reconstruction() throws -> ReconstructionLoss {
      guard let activation = architecture.layers.last!.definition.follow.activation.fused else {
        throw ProgramError("loss", "the last layer ends with an activation that no loss takes")
      }
      return ReconstructionLoss(
        prediction: pass.output, target: pass.target!, perImage: first, gradient: gradient,
        activation: activation, source: pass.source)
    }
    switch configuration.loss {
    case .meanSquaredError: append(try MeanSquaredError(reconstruction()))
    case .binaryCrossEntropy: append(try BinaryCrossEntropy(reconstruction()))
    case .crossEntropy:
      let correct = one("correct", &self)
      append(
        try CrossEntropy(
          logits: pass.output, labels: labels!, source: pass.source, perImage: first, correct: correct,
          gradient: gradient))
      return ([.loss: first, .correct: correct], gradient)
    }
    guard let moments = pass.moments else { return ([.loss: first], gradient) }
    let divergence = one("kl", &self)
    let total = one("loss", &self)
    append(
      try KLDivergence(
        mean: moments.mean, logVariance: moments.logVariance, reconstruction: first, divergence: divergence,
        total: total, source: pass.source))
    return ([.loss: total, .reconstruction: first, .klDivergence: divergence], gradient)
  }
}
