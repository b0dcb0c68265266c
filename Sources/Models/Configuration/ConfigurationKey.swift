import Numerics
import Programs

/// One setting: its name, meaning, allowed values, and conversion from and to text.
package struct ConfigurationKey: Sendable {
  /// The value is not among those allowed.
  struct NotAllowed: Error {}

  /// The name: `learning-rate`.
  package let name: String
  /// Its meaning, in one line.
  package let summary: String
  /// The allowed values: `a whole number from 1 to 4096`.
  package let allowed: @Sendable (ModelKind) -> String
  /// The value as text.
  package let get: @Sendable (Configuration) -> String
  let set: @Sendable (inout Configuration, String) throws -> Void

  /// The keys of `model`, in file order.
  package static func keys(of model: ModelKind) -> [ConfigurationKey] {
    let extra = model.definition.keys
    return all.filter { !special.contains($0.name) || extra.contains($0.name) }
  }

  /// The models that have the key, in the order of ``ModelKind/allCases``.
  package var models: [ModelKind] {
    guard Self.special.contains(name) else { return ModelKind.allCases }
    return ModelKind.allCases.filter { $0.definition.keys.contains(name) }
  }

  /// Names of keys in other programs.
  private static let otherNames = [
    "lr": "learning-rate", "rate": "learning-rate", "bs": "batch-size", "batch": "batch-size",
    "wd": "weight-decay",
    "l2": "weight-decay", "z": "latent", "latent-dim": "latent", "z-dim": "latent", "code": "latent",
    "bottleneck": "latent", "channels": "filters", "beta": "kl-weight", "kld-weight": "kl-weight",
    "optim": "optimizer",
    "scheduler": "schedule", "early-stopping": "patience", "grad-clip": "clip-norm", "clip": "clip-norm",
    "betas": "beta1", "eps": "epsilon", "val-split": "validation", "criterion": "loss",
    "num-epochs": "epochs",
    "n-epochs": "epochs", "random-seed": "seed", "units": "hidden", "act": "activation",
  ]

  /// The key most similar to `text`, among those of `model` or all; nil if none is similar.
  package static func nearest(to text: String, of model: ModelKind? = nil) -> String? {
    let names = (model.map { keys(of: $0) } ?? all).map(\.name)
    let plain = text.lowercased().replacing("_", with: "-")
    return otherNames[plain].flatMap { names.contains($0) ? $0 : nil }
      ?? Numerics.nearest(to: text, among: names)
  }

  /// The error for a key that `model` does not have.
  static func unknown(_ key: String, _ model: ModelKind) -> ConfigurationError {
    let names = keys(of: model).map(\.name).joined(separator: ", ")
    let others = all.first { $0.name == key }?.models.map(\.rawValue) ?? []
    let hint =
      others.isEmpty
      ? nearest(to: key, of: model).map { " (did you mean \($0)?)" } ?? ""
      : ", which \(others.joined(separator: ", ")) \(others.count == 1 ? "has" : "have")"
    return ConfigurationError("\(model.rawValue) has no key '\(key)'\(hint): expected one of \(names)")
  }

  /// Keys that only some models have; see ``ModelDefinition/keys``.
  static let special: Set<String> = [
    "architecture", "image", "classes", "latent", "filters", "hidden", "activation", "dropout", "noise",
    "binarise", "importance-samples", "kl-weight", "kl-warm-up",
  ]

  /// All keys.
  package static let all: [ConfigurationKey] = [
    model,
    whole("latent", \.latent, 1...4096, "width of the latent code"),
    widths("filters", \.filters, 1...6, 1...512, "channels of the convolutions, one stage of stride 2 each"),
    widths("hidden", \.hidden, 1...8, 1...8192, "widths of the fully connected layers"),
    choice(
      "activation", \.activation,
      "activation function after every layer except the last of encoder and decoder"),
    number("dropout", \.dropout, 0...0.95, "dropout probability"),
    number("noise", \.noise, 0...10, "standard deviation of the noise on the input"),
    choice(
      "binarise", \.binarise,
      "binarise pixels: not (none), once (fixed) or again in every epoch (dynamic)"),
    choice("optimizer", \.optimizer, "optimizer"),
    number("learning-rate", \.learningRate, 0...100, "learning rate before schedules"),
    number("momentum", \.momentum, 0...0.9999, "momentum of the momentum and nesterov optimizers"),
    number("alpha", \.alpha, 0...0.999_999, "RMSprop's alpha"),
    number("beta1", \.beta1, 0...0.999_999, "Adam's first beta"),
    number("beta2", \.beta2, 0...0.999_999, "Adam's second beta"),
    number("epsilon", \.epsilon, 1e-12...1, "added to the denominator of RMSprop and Adam"),
    number("weight-decay", \.weightDecay, 0...10, "L2 decay; decoupled for adamw"),
    number("clip-norm", \.clipNorm, 0...1e6, "gradient-norm limit (0: off)"),
    choice("schedule", \.schedule, "how the learning rate changes"),
    whole("schedule-epochs", \.scheduleEpochs, 1...100_000, "schedule=step: epochs between two steps"),
    number("schedule-factor", \.scheduleFactor, 0...1, "schedule=step: factor at each step"),
    number(
      "minimum-learning-rate", \.minimumLearningRate, 0...100, "schedule=cosine: the learning rate at the end"
    ),
    number("warm-up", \.warmUp, 0...1000, "epochs over which the learning rate rises to its full height"),
    loss,
    whole("importance-samples", \.importanceSamples, 1...1000, "loss=iwae: samples per image and step"),
    number("kl-weight", \.klWeight, 0...1000, "weight of the KL divergence"),
    number("kl-warm-up", \.klWarmUp, 0...1000, "epochs over which the KL weight rises from 0"),
    whole("epochs", \.epochs, 1...100_000, "epochs to train"),
    whole("batch-size", \.batchSize, 1...65_536, "images per step"),
    seed,
    parsed(
      "initial-weights", \.initialWeights, "seed, or the SHA-256 of the parameters that --from gives",
      "initial weights: seed (drawn from the random seed), or the SHA-256 of given weights",
      { text in
        let isHash = text.count == 64 && text.allSatisfy { $0.isHexDigit && !$0.isUppercase }
        return text == "seed" ? .some(nil) : isHash ? text : nil
      }, { $0 ?? "seed" }),
    whole("shards", \.shards, 1...1024, "parts that a batch is split into"),
    parsed(
      "trainable", \.trainable, "all, last-N, or phases such as last-2:5,all:10 (append @RATE to set a rate)",
      "layers to train, and for how many epochs; dropout stays on in all layers",
      TrainingPhases.init(text:),
      \.description),
    architecture,
    image,
    classes,
    validation,
    whole("patience", \.patience, 0...100_000, "epochs without improvement before stopping (0: never)"),
    parsed(
      "keep-checkpoints", \.keepCheckpoints, "last, all, or a whole number from 1 to 100000",
      "which checkpoints to keep: last, all, or every N epochs", CheckpointPolicy.init(text:), \.description),
  ]
}

extension ConfigurationKey {
  private typealias Path<Value> = WritableKeyPath<Configuration, Value> & Sendable

  /// `parse` returns nil, or throws, for values that are not allowed.
  private static func parsed<Value>(
    _ name: String, _ path: Path<Value>, _ allowed: String, _ summary: String,
    _ parse: @escaping @Sendable (String) -> Value?, _ print: @escaping @Sendable (Value) -> String
  ) -> ConfigurationKey {
    ConfigurationKey(
      name: name, summary: summary, allowed: { _ in allowed }, get: { print($0[keyPath: path]) },
      set: { configuration, text in
        guard let value = parse(text) else { throw NotAllowed() }
        configuration[keyPath: path] = value
      })
  }

  private static func whole(
    _ name: String, _ path: Path<Int>, _ range: ClosedRange<Int>, _ summary: String
  ) -> ConfigurationKey {
    parsed(
      name, path, "a whole number from \(range.lowerBound) to \(range.upperBound)", summary,
      { Int($0).flatMap { range.contains($0) ? $0 : nil } }, { "\($0)" })
  }

  private static func number(
    _ name: String, _ path: Path<Double>, _ range: ClosedRange<Double>, _ summary: String
  ) -> ConfigurationKey {
    parsed(
      name, path, "a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))", summary,
      { Double($0).flatMap { range.contains($0) ? $0 : nil } }, plain)
  }

  private static func widths(
    _ name: String, _ path: Path<[Int]>, _ counts: ClosedRange<Int>, _ range: ClosedRange<Int>,
    _ summary: String
  ) -> ConfigurationKey {
    let many = counts.count == 1 ? "\(counts.lowerBound)" : "\(counts.lowerBound) to \(counts.upperBound)"
    return parsed(
      name, path, "\(many) whole numbers from \(range.lowerBound) to \(range.upperBound), as in 8,16,32",
      summary,
      { text in
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let values = parts.compactMap { Int($0.filter { $0 != " " }) }
        let fits = values.count == parts.count && counts.contains(values.count)
        return fits && values.allSatisfy(range.contains) ? values : nil
      }, { $0.map(String.init).joined(separator: ",") })
  }

  private static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
    _ name: String, _ path: Path<Value>, _ summary: String
  ) -> ConfigurationKey {
    let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
    return parsed(name, path, "one of \(names)", summary, { Value(rawValue: $0) }, { $0.rawValue })
  }

  /// `10` instead of `10.0`.
  @Sendable private static func plain(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e6 ? "\(Int(value))" : "\(value)"
  }

  private static let model = ConfigurationKey(
    name: "model", summary: "which model", allowed: { "\($0.rawValue): another model is another run" },
    get: { $0.model.rawValue },
    set: { configuration, text in if text != configuration.model.rawValue { throw NotAllowed() } })

  private static let architecture = ConfigurationKey(
    name: "architecture", summary: "the layers of a custom model",
    allowed: { _ in "the architecture that the program gives: other layers are another model" },
    get: { $0.architecture.description },
    set: { configuration, text in
      if text != configuration.architecture.description { throw NotAllowed() }
    })

  private static let image = parsed(
    "image", \.image, "data, or CHANNELSxHEIGHTxWIDTH such as 3x32x32 (1 or 3 channels, 8 to 128 a side)",
    "shape of one image: from the data, or channels x height x width",
    // Without `map`, an invalid shape would become nil, which means the data's shape.
    { text in text == "data" ? .some(nil) : MapShape(text: text).map(Optional.some) }, { $0?.text ?? "data" })

  private static let classes = parsed(
    "classes", \.classes, "labels, or a whole number from 2 to 256",
    "number of classes: from the labels, or given",
    { text in
      if text == "labels" { return .some(nil) }
      return Int(text).flatMap { (2...256).contains($0) ? .some($0) : nil }
    },
    { $0.map { "\($0)" } ?? "labels" })

  private static let loss = ConfigurationKey(
    name: "loss", summary: "loss to minimise",
    allowed: { "one of " + $0.definition.losses.map(\.rawValue).joined(separator: ", ") },
    get: { $0.loss.rawValue },
    set: { configuration, text in
      guard let loss = Loss(rawValue: text), configuration.model.definition.losses.contains(loss) else {
        throw NotAllowed()
      }
      configuration.loss = loss
    })

  private static let seed = parsed(
    "seed", \.seed, "a whole number from 0 to \(UInt64.max)", "random seed",
    { UInt64($0) }, { "\($0)" })

  private static let validation = parsed(
    "validation", \.validation, "a fraction below 1, or a whole number of images",
    "training images held out for validation: a fraction or a count",
    { text in
      guard let value = Double(text), value >= 0, value < 1e9 else { return nil }
      return value < 1 || value == value.rounded() ? value : nil
    }, plain)
}

extension MapShape {
  /// Sides that images may have.
  static let sides = 8...128

  /// `3x32x32`.
  var text: String { "\(channels)x\(height)x\(width)" }

  /// Reads ``text``; nil if it is not a shape, or not one that images may have.
  init?(text: String) {
    let numbers = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 3, let channels = numbers[0], let height = numbers[1], let width = numbers[2],
      [1, 3].contains(channels), Self.sides.contains(height), Self.sides.contains(width)
    else { return nil }
    self.init(channels, height, width)
  }
}
