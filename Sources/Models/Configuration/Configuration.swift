import Numerics
import Programs

/// All settings that, together with the data, determine the bits of a training run.
///
/// All conversion from and to text uses ``ConfigurationKey``: command line, YAML, help and errors share one table.
public struct Configuration: Hashable, Sendable {
  /// The model.
  public let model: ModelKind
  /// A custom model's layers.
  let layers: Architecture?
  /// Shape of one image; nil: taken from the data.
  public var image: MapShape?
  /// Number of classes; nil: taken from the labels.
  public var classes: Int?
  /// Width of the latent code.
  public var latent = 10
  /// Channels of the convolutions, each a stage of stride 2.
  public var filters = [8, 16, 32]
  /// Widths of the encoder's fully connected layers; the decoder has them in reverse.
  public var hidden = [64]
  /// The function after every layer but the last of encoder and decoder.
  public var activation = HiddenActivation.relu
  /// Dropout probability.
  public var dropout = 0.0
  /// Standard deviation of the noise on the input.
  public var noise = 0.0
  /// Whether pixels are binarised.
  public var binarise = Binarisation.none

  /// The optimizer.
  public var optimizer = Optimizer.adam
  /// Learning rate before schedules.
  public var learningRate = 0.001
  /// Momentum of `momentum` and `nesterov`.
  public var momentum = 0.9
  /// RMSprop's α.
  public var alpha = 0.99
  /// Adam's β₁.
  public var beta1 = 0.9
  /// Adam's β₂.
  public var beta2 = 0.999
  /// Added to the denominator of RMSprop and Adam.
  public var epsilon = 1e-8
  /// L2 decay; decoupled for AdamW.
  public var weightDecay = 0.0
  /// Gradient-norm limit (0: off).
  public var clipNorm = 0.0

  /// The learning-rate schedule.
  public var schedule = Schedule.constant
  /// `step`: epochs between two changes of the learning rate.
  public var scheduleEpochs = 10
  /// `step`: the factor applied to the learning rate.
  public var scheduleFactor = 0.1
  /// `cosine`: the final learning rate.
  public var minimumLearningRate = 0.0
  /// Epochs of linear learning-rate warm-up.
  public var warmUp = 0.0

  /// The loss to minimise. The importance-weighted one has no KL weight to raise, so it drops the recipe's warm-up.
  public var loss = Loss.meanSquaredError {
    didSet {
      guard loss == .importanceWeighted else { return }
      var recipe = self
      recipe.klWarmUp = 0
      model.definition.setRecipe(&recipe)
      if klWarmUp == recipe.klWarmUp { klWarmUp = 0 }
    }
  }
  /// `iwae`: posterior samples per image and step.
  public var importanceSamples = 5
  /// Weight of the KL divergence.
  public var klWeight = 1.0
  /// Epochs over which the KL weight rises from 0.
  public var klWarmUp = 0.0

  /// Epochs to train, unless the phases set them.
  public var epochs = 20
  /// Images per step.
  public var batchSize = 128
  /// Random seed.
  public var seed: UInt64 = 1
  /// SHA-256 of the initial parameters; nil: drawn from the seed.
  public var initialWeights: String?
  /// Number of parts that a batch is split into.
  public var shards = 1
  /// Layers to train, and for how many epochs.
  public var trainable = TrainingPhases.everything
  /// Training images held out for validation: a fraction below 1, or a count.
  public var validation = 0.1
  /// Epochs without improvement before training stops (0: never).
  public var patience = 0
  /// Which checkpoints are kept.
  public var keepCheckpoints = CheckpointPolicy.last

  /// The defaults of `model`: its layers, and the best recipe found by search.
  public init(_ model: ModelKind) {
    self.init(withoutRecipe: model)
    schedule = .cosine
    warmUp = 1
    model.definition.setRecipe(&self)
  }

  /// The layers of `model` with fixed settings that do not depend on a recipe: Adam at a constant 0.001, batches of
  /// 128, no decay, no dropout. Used where results must stay comparable: parity, golden hashes, benchmarks.
  package init(withoutRecipe model: ModelKind) {
    precondition(model != .custom, "a custom model's configuration is made with its architecture")
    self.model = model
    layers = nil
    loss = model.definition.losses[0]
    model.definition.setLayers(&self)
  }

  /// The defaults of a custom model: layers that take images and compute the input of `loss`.
  public init(_ architecture: Architecture, loss: Loss) {
    model = .custom
    layers = architecture
    self.loss = loss
  }

  /// A configuration from `key: value` pairs, as a file holds them; keys that are absent keep their defaults.
  ///
  /// - Parameter architecture: the layers of a custom model; they must match the pairs.
  /// - Throws: ``ConfigurationError`` if `model` is absent, or any pair is not allowed.
  package init(pairs: [(key: String, value: String)], architecture: Architecture? = nil) throws {
    guard let model = pairs.last(where: { $0.key == "model" })?.value else {
      throw ConfigurationError("the configuration names no model: expected a key 'model'")
    }
    if model == ModelKind.custom.rawValue, let architecture {
      self.init(architecture, loss: .meanSquaredError)
    } else {
      self.init(try ModelKind(name: model))
    }
    for (key, value) in pairs { try set(key, value) }
    try validate()
  }

  /// The defaults of `model` with the values of `pairs`.
  ///
  /// Throws: ``ConfigurationError`` if any pair is not allowed.
  package init(_ model: ModelKind, _ pairs: [(key: String, value: String)]) throws {
    self.init(model)
    for (key, value) in pairs { try set(key, value) }
    try validate()
  }

  /// A configuration from ``texts``.
  ///
  /// Throws: as ``init(pairs:)``.
  package init(texts: [String: String], architecture: Architecture? = nil) throws {
    try self.init(
      pairs: texts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, architecture: architecture)
  }

  /// Sets the value of `key` from text.
  ///
  /// Throws: ``ConfigurationError`` that lists what is allowed.
  public mutating func set(_ key: String, _ value: String) throws {
    let keys = ConfigurationKey.keys(of: model)
    guard let known = keys.first(where: { $0.name == key }) else {
      throw ConfigurationKey.unknown(key, model)
    }
    do {
      // Parsing numbers depends on the rounding mode of the calling thread.
      try ArithmeticMode.standard { try known.set(&self, value) }
    } catch is ConfigurationKey.NotAllowed {
      throw ConfigurationError("\(key) is '\(value)': expected \(known.allowed(model))")
    }
  }

  /// Checks constraints that involve several keys.
  ///
  /// Throws: ``ConfigurationError``.
  public func validate() throws {
    guard shards <= batchSize else {
      throw ConfigurationError("shards is \(shards): expected at most the batch size, \(batchSize)")
    }
    guard minimumLearningRate <= learningRate else {
      throw ConfigurationError(
        "minimum-learning-rate is \(minimumLearningRate): expected at most the learning rate, \(learningRate)"
      )
    }
    guard clipNorm == 0 || Float(clipNorm) > 0 else {
      throw ConfigurationError(
        "clip-norm is \(clipNorm): expected 0, or a number that is above 0 in binary32")
    }
    // Without momentum these optimizers would be plain SGD.
    guard momentum > 0 || (optimizer != .momentum && optimizer != .nesterov) else {
      throw ConfigurationError("momentum is 0: expected above 0 with the optimizer \(optimizer.rawValue)")
    }
    if loss == .importanceWeighted {
      guard architecture.isVariational else {
        throw ConfigurationError("loss is iwae: expected a model with a posterior")
      }
      // Otherwise it is not a bound of log p(x).
      guard klWeight == 1, klWarmUp == 0 else {
        throw ConfigurationError("loss is iwae: expected a kl-weight of 1 and no kl-warm-up")
      }
    }
    try trainable.validate(for: self)
  }

  /// All keys of the model with their values as text, in the table's order.
  public var pairs: [(key: String, value: String)] {
    ConfigurationKey.keys(of: model).map { ($0.name, $0.get(self)) }
  }

  /// ``pairs`` by key.
  package var texts: [String: String] { Dictionary(uniqueKeysWithValues: pairs.map { ($0.key, $0.value) }) }

  /// The model's layers.
  public var architecture: Architecture { model.definition.architecture(self) }
  /// Shape of one image: from the data, or MNIST's before data are known.
  public var imageShape: MapShape { layers?.input ?? image ?? MapShape(1, 28, 28) }
  /// Number of classes: from the labels, or MNIST's before data are known.
  public var classCount: Int { classes ?? 10 }
  /// Whether the model is a classifier: images need labels, and there are no reconstructions.
  public var classifies: Bool { loss == .crossEntropy }
  /// Whether outputs are logits of pixels, which need a sigmoid to become a picture.
  package var outputsAreLogits: Bool {
    loss == .binaryCrossEntropy || loss == .importanceWeighted
  }
  /// Posterior samples per image.
  package var posteriorSamples: Int { loss == .importanceWeighted ? importanceSamples : 1 }
  /// Epochs of all phases.
  public var totalEpochs: Int { trainable.epochs(default: epochs) }

  /// How many of `images` training images are held out for validation.
  package func validationCount(of images: Int) -> Int {
    Int(validation < 1 ? (validation * Double(images)).rounded() : validation)
  }
}

extension Configuration {
  /// Takes the shape of images and the number of classes from the data.
  ///
  /// Throws: ``ConfigurationError`` if the configuration has other values.
  package mutating func take(image: MapShape, classes: Int) throws {
    let wanted = self.image ?? layers?.input
    guard wanted == nil || wanted == image || (layers != nil && wanted == .features(image.count)) else {
      throw ConfigurationError(
        "image is \(imageShape.text): the data's images are \(image.text) (channels × height × width)")
    }
    if layers == nil { self.image = image }
    guard classifies, layers == nil else { return }
    guard self.classes == nil || self.classes == classes else {
      throw ConfigurationError("classes is \(classCount): the data's labels have \(classes)")
    }
    guard (2...256).contains(classes) else {
      throw ConfigurationError(
        "the labels have \(classes) class\(classes == 1 ? "" : "es"): expected 2 to 256")
    }
    self.classes = classes
  }
}

extension CodingUserInfoKey {
  /// A custom model's ``Architecture``, which is in no file.
  package static let architecture = CodingUserInfoKey(rawValue: "architecture")!
}

extension Configuration: Codable {
  /// Reads an object of settings by key, ``SettingsJSON``; a custom model's layers are the decoder's `userInfo[.architecture]`.
  public init(from decoder: any Decoder) throws {
    try self.init(
      texts: SettingsJSON(from: decoder).texts,
      architecture: decoder.userInfo[.architecture] as? Architecture)
  }

  /// Writes an object of settings by key.
  public func encode(to encoder: any Encoder) throws {
    try SettingsJSON(texts).encode(to: encoder)
  }
}
