import Numerics
import Programs

/// The activations of a batch at one layer.
struct Value {
  let buffer: Buffer
  /// Dropout's scale (1 without) if ReLU made these values, so that their gradient needs a mask; otherwise nil.
  let maskScale: Float?

  /// The mask of the gradient with respect to these values.
  var mask: ReLUMask? { maskScale.map { ReLUMask(buffer, scale: $0) } }
}

/// Results of a forward pass for the loss and the backward pass.
struct ForwardPass {
  /// The batch; after a posterior, that of its samples.
  var source: BatchSource
  /// Images in the buffers; after a posterior, samples of images.
  var batch: Int
  /// The images to reconstruct: without noise, and as bits if they are binarised.
  var target: Buffer?
  /// `inputs[i]` is the input of layer i; the last is the model's output.
  var inputs: [Value?]
  /// What followed each layer, by its index.
  var followed: [Int: Followed] = [:]
  /// How the posterior was sampled.
  var posterior: ReparameterizeForward?
  /// Mean and log-variance of the posterior.
  var moments: (mean: Buffer, logVariance: Buffer)?
  /// The results of the importance-weighted loss.
  var importance: ImportanceWeights?

  var output: Buffer { inputs.last!!.buffer }
}

/// Differences between training and evaluation passes.
struct PassStyle {
  /// Prefix of its buffers' names.
  let prefix: String
  let isTraining: Bool
  let noise: Double
  let binarise: Binarisation
  /// Layers whose output the host reads.
  let persistent: Set<Int>
  /// Posterior samples per image; 0: the mean is passed on.
  let samples: Int
}

extension Lowering {
  /// Images of the batch, clean and as the first layer sees them.
  mutating func lowerInput(_ source: BatchSource, batch: Int, _ style: PassStyle) throws -> ForwardPass {
    var clean = images(style.prefix + "images", batch: batch, architecture.input)
    append(try GatherImages(dataset: dataset, source: source, output: clean, rows: windowRows))
    if style.binarise != .none {
      let isFresh = style.isTraining && style.binarise == .dynamic
      // Fixed bits are part of the data and do not depend on the seed.
      let random =
        isFresh
        ? random(.binarisation) : RandomSource(seed: 0, stream: RandomStream.fixedBinarisation.word())
      let bits = images(style.prefix + "bits", batch: batch, architecture.input)
      append(try Binarise(input: clean, output: bits, source: source, random: random, isFresh: isFresh))
      clean = bits
    }
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

  /// The layers from `first` on; `pass.inputs[first]` must be set.
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
}
