import Numerics
import Programs

/// Everything that decides the bits of a training run, together with the data.
///
/// Text in and out goes through ``ConfigurationKey``: command line, YAML, help and errors share one table.
public struct Configuration: Hashable, Sendable {
  /// The model.
  public let model: ModelKind
  /// A custom model's layers.
  let layers: Architecture?
  /// Shape of one image; nil: as the data's are.
  public var image: MapShape?
  /// Number of classes; nil: as many as the labels have.
  public var classes: Int?
  /// Width of the latent code.
  public var latent = 10
  /// Channels of the convolutions, one stage of stride 2 each.
  public var filters = [8, 16, 32]
  /// Widths of the encoder's fully connected layers; the decoder has them in reverse.
  public var hidden = [64]
  /// The function after every layer but the last of encoder and decoder.
  public var activation = HiddenActivation.relu
  /// Probability with which an output is dropped.
  public var dropout = 0.0
  /// Standard deviation of the noise on the input.
  public var noise = 0.0
  /// Whether pixels become bits.
  public var binarise = Binarisation.none

  /// How parameters follow their gradients.
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
  /// Largest norm of the gradients, 0 for any.
  public var clipNorm = 0.0

  /// How the learning rate changes.
  public var schedule = Schedule.constant
  /// `step`: epochs between two steps.
  public var scheduleEpochs = 10
  /// `step`: what the learning rate is multiplied by.
  public var scheduleFactor = 0.1
  /// `cosine`: the learning rate it ends at.
  public var minimumLearningRate = 0.0
  /// Epochs over which the learning rate rises, step by step, to its full height.
  public var warmUp = 0.0

  /// What training makes small.
  public var loss = Loss.meanSquaredError
  /// `iwae`: samples of each image's posterior in a step.
  public var importanceSamples = 5
  /// Weight of the KL divergence.
  public var klWeight = 1.0
  /// Epochs over which the KL weight rises from 0.
  public var klWarmUp = 0.0

  /// Epochs to train, where the phases do not say.
  public var epochs = 20
  /// Images in a step.
  public var batchSize = 128
  /// Key of every random number.
  public var seed: UInt64 = 1
  /// SHA-256 of the parameters that training begins with; nil: those of the seed.
  public var initialWeights: String?
  /// Parts a batch is cut into.
  public var shards = 1
  /// Which layers train, and for how long.
  public var trainable = TrainingPhases.everything
  /// Training images held back: below 1 a fraction, else a count.
  public var validation = 0.1
  /// Epochs without improvement before training stops, 0 for never.
  public var patience = 0
  /// Which checkpoints stay.
  public var keepCheckpoints = CheckpointPolicy.last

  /// The defaults of `model`, which is one of the family: its layers, and the recipe that a search found for them.
  public init(_ model: ModelKind) {
    self.init(withoutRecipe: model)
    schedule = .cosine
    warmUp = 1
    model.definition.setRecipe(&self)
  }

  /// The layers of `model` with settings that no recipe touches: Adam at a constant 0.001, batches of 128, no decay,
  /// no dropout. What must stay comparable is made of them: parity, golden hashes, benches.
  package init(withoutRecipe model: ModelKind) {
    precondition(model != .custom, "a custom model's configuration is made with its architecture")
    self.model = model
    layers = nil
    loss = model.definition.losses[0]
    model.definition.setLayers(&self)
  }

  /// The defaults of a model of one's own: layers that take images and give what `loss` compares.
  public init(_ architecture: Architecture, loss: Loss) {
    model = .custom
    layers = architecture
    self.loss = loss
  }

  /// A configuration from `key: value` pairs, as a file holds them; keys that are absent keep their defaults.
  ///
  /// - Parameter architecture: the layers, where the model is custom; they must be those of the pairs.
  /// - Throws: ``ConfigurationError`` where `model` is absent, or any pair is not allowed.
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
  /// Throws: ``ConfigurationError`` where any pair is not allowed.
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
      // A number's last bit depends on how the thread, which is the caller's, rounds.
      try ArithmeticMode.standard { try known.set(&self, value) }
    } catch is ConfigurationKey.NotAllowed {
      throw ConfigurationError("\(key) is '\(value)': expected \(known.allowed(model))")
    }
  }

  /// Checks what concerns several keys at once.
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
    // Without momentum the rule is plain SGD and keeps no state; the optimizer's name must not lie.
    guard momentum > 0 || (optimizer != .momentum && optimizer != .nesterov) else {
      throw ConfigurationError("momentum is 0: expected above 0 with the optimizer \(optimizer.rawValue)")
    }
    if loss == .importanceWeighted {
      guard architecture.isVariational else {
        throw ConfigurationError("loss is iwae: expected a model with a posterior")
      }
      // It is a bound of log p(x) only as it is.
      guard klWeight == 1, klWarmUp == 0 else {
        throw ConfigurationError("loss is iwae: expected a kl-weight of 1 and no kl-warm-up")
      }
    }
    try trainable.validate(for: self)
  }

  /// All keys that mean something to the model, with their values as text, in the table's order.
  public var pairs: [(key: String, value: String)] {
    ConfigurationKey.keys(of: model).map { ($0.name, $0.get(self)) }
  }

  /// ``pairs`` by key.
  package var texts: [String: String] { Dictionary(uniqueKeysWithValues: pairs.map { ($0.key, $0.value) }) }

  /// The model's layers.
  public var architecture: Architecture { model.definition.architecture(self) }
  /// Shape of one image: the data's, or MNIST's where no data have been seen.
  public var imageShape: MapShape { layers?.input ?? image ?? MapShape(1, 28, 28) }
  /// Number of classes: the labels', or MNIST's where no data have been seen.
  public var classCount: Int { classes ?? 10 }
  /// Whether the model tells classes apart, so that images need labels and there are no pictures to make.
  public var classifies: Bool { loss == .crossEntropy }
  /// Whether outputs are logits of pixels, so that a picture needs a sigmoid.
  package var outputsAreLogits: Bool {
    loss == .binaryCrossEntropy || loss == .importanceWeighted
  }
  /// How often a posterior is sampled for every image's loss.
  package var posteriorSamples: Int { loss == .importanceWeighted ? importanceSamples : 1 }
  /// Epochs of all phases.
  public var totalEpochs: Int { trainable.epochs(default: epochs) }

  /// How many of `images` training images are held back for validation.
  package func validationCount(of images: Int) -> Int {
    Int(validation < 1 ? (validation * Double(images)).rounded() : validation)
  }
}

extension Configuration {
  /// Takes the shape of images and the number of classes from the data.
  ///
  /// Throws: ``ConfigurationError`` where the configuration asks for others.
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
  /// A custom model's ``Architecture``, which no file holds.
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
