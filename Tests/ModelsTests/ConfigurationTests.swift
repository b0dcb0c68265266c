import Foundation
import Models
import Programs
import Testing

@Suite struct ConfigurationTests {
  @Test("Pairs and JSON give the configuration back", arguments: ModelKind.allCases)
  func roundTrip(_ kind: ModelKind) throws {
    var configuration = Configuration(kind)
    try configuration.set("learning-rate", "1e-5")
    try configuration.set("hidden", "40, 20")
    try configuration.set("trainable", "last-2:5,all:10@0.0001")
    try configuration.set("keep-checkpoints", "7")
    try configuration.set("seed", "\(UInt64.max)")
    #expect(try Configuration(pairs: configuration.pairs) == configuration)
    let data = try JSONEncoder().encode(configuration)
    #expect(try JSONDecoder().decode(Configuration.self, from: data) == configuration)
    #expect(configuration.learningRate == 1e-5)
    #expect(configuration.hidden == [40, 20])
    #expect(configuration.totalEpochs == 15)
  }

  @Test func everyKeyTakesItsOwnText() throws {
    for kind in ModelKind.allCases {
      var configuration = Configuration(kind)
      for key in ConfigurationKey.keys(of: kind) { try configuration.set(key.name, key.get(configuration)) }
      #expect(configuration == Configuration(kind))
    }
  }

  @Test func defaultsFollowTheModel() {
    #expect(Configuration(.convAutoencoder).latent == 10)
    #expect(Configuration(.vae).latent == 2)
    #expect(Configuration(.vae).hidden == [512, 256])
    #expect(Configuration(.denoisingAutoencoder).noise == 0.5)
    #expect(Configuration(.classifier).loss == .crossEntropy)
    #expect(Configuration(.convAutoencoder).validationCount(of: 60_000) == 6_000)
  }

  @Test(
    "The importance-weighted loss is a bound only as it is, and needs a posterior",
    arguments: [ModelKind.vae, .convVAE])
  func importanceWeighted(_ kind: ModelKind) throws {
    var configuration = Configuration(kind)
    try configuration.set("loss", "iwae")
    try configuration.validate()
    #expect(configuration.posteriorSamples == 5 && configuration.outputsAreLogits)
    for (key, value, other) in [("kl-weight", "0.5", "1"), ("kl-warm-up", "2", "0")] {
      try configuration.set(key, value)
      let error = #expect(throws: ConfigurationError.self) { try configuration.validate() }
      #expect(error?.description.contains("kl-weight of 1 and no kl-warm-up") == true)
      try configuration.set(key, other)
    }
    try configuration.validate()
    // A warm-up that was asked for stays, and is refused.
    var asked = Configuration(kind)
    asked.klWarmUp = 2
    asked.loss = .importanceWeighted
    #expect(asked.klWarmUp == 2)
    let plain = Architecture(
      input: .features(784), encoder: [.linear("code", outputs: 3)], decoder: [.linear("out", outputs: 784)])
    #expect(throws: ConfigurationError.self) {
      try Configuration(plain, loss: .importanceWeighted).validate()
    }
    var custom = Configuration(plain, loss: .meanSquaredError)
    custom.loss = .importanceWeighted
    #expect(throws: ConfigurationError.self) { try custom.validate() }
  }

  @Test(
    "An error lists what is allowed",
    arguments: [
      ("colour", "red", "conv-autoencoder has no key 'colour': expected one of model, latent, filters"),
      ("latent", "0", "latent is '0': expected a whole number from 1 to 4096"),
      ("latent", "ten", "latent is 'ten': expected a whole number"),
      ("filters", "8,,16", "expected 1 to 6 whole numbers from 1 to 512, as in 8,16,32"),
      ("dropout", "1", "dropout is '1': expected a number from 0 to 0.95"),
      ("learning-rate", "nan", "expected a number from 0 to 100"),
      ("optimizer", "adagrad", "expected one of sgd, momentum, nesterov, rmsprop, adam, adamw"),
      ("loss", "cross-entropy", "expected one of mean-squared-error, binary-cross-entropy"),
      ("noise", "0.5", "conv-autoencoder has no key 'noise'"),
      ("validation", "0.1.2", "a fraction below 1, or a whole number of images"),
      ("trainable", "first-2", "expected all, last-N, or phases"),
      ("model", "vae", "conv-autoencoder: another model is another run"),
    ])
  func errors(_ key: String, _ value: String, _ expected: String) {
    var configuration = Configuration(.convAutoencoder)
    let error = #expect(throws: ConfigurationError.self) { try configuration.set(key, value) }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "no error")")
  }

  @Test func crossChecks() throws {
    var configuration = Configuration(.classifier)
    configuration.trainable = try #require(TrainingPhases(text: "last-7"))
    let error = #expect(throws: ConfigurationError.self) { try configuration.validate() }
    #expect(error?.description.contains("at most last-6") == true)
    configuration = Configuration(.vae)
    configuration.shards = 200
    #expect(throws: ConfigurationError.self) { try configuration.validate() }
    configuration = Configuration(.vae)
    configuration.optimizer = .nesterov
    configuration.momentum = 0
    #expect(throws: ConfigurationError.self) { try configuration.validate() }
    #expect(throws: ConfigurationError.self) { try ModelKind(name: "gan") }
  }

  @Test(
    "Phases that make no sense", arguments: ["", "all,all:3", "last-0", "all:0", "all:2@-1", "last-2:5,"])
  func phases(_ text: String) { #expect(TrainingPhases(text: text) == nil) }

  @Test func phaseOfEpoch() throws {
    let phases = try #require(TrainingPhases(text: "last-2:5,all:10"))
    #expect(phases.phase(of: 5, default: 20) == (0, 0))
    #expect(phases.phase(of: 6, default: 20) == (1, 5))
    #expect(TrainingPhases.everything.phase(of: 9, default: 20) == (0, 0))
  }
}

extension ConfigurationTests {
  @Test("image and classes: of the data, or of a size that is allowed")
  func imagesAndClasses() throws {
    var configuration = Configuration(.classifier)
    #expect(configuration.texts["image"] == "data" && configuration.texts["classes"] == "labels")
    for (key, value) in [
      ("image", "5x64x64"), ("image", "3x7x32"), ("image", "1x28x129"), ("image", "28x28"), ("image", ""),
      ("classes", "1"), ("classes", "257"), ("classes", "ten"), ("filters", "1,2,3,4,5,6,7"),
    ] {
      #expect(throws: ConfigurationError.self, "\(key)=\(value)") { try configuration.set(key, value) }
    }
    try configuration.set("image", "3x17x45")
    #expect(throws: ConfigurationError.self) {
      try configuration.take(image: MapShape(1, 28, 28), classes: 4)
    }
    try configuration.take(image: MapShape(3, 17, 45), classes: 4)
    #expect(configuration.texts["image"] == "3x17x45" && configuration.texts["classes"] == "4")
    #expect(throws: ConfigurationError.self) {
      try configuration.take(image: MapShape(3, 17, 45), classes: 5)
    }
  }

  @Test("every decoder restores the size that its encoder took")
  func sizesRestored() throws {
    for kind in [ModelKind.convAutoencoder, .denoisingAutoencoder, .convVAE] {
      for filters in ["4", "4,5", "4,5,6", "4,5,6,7", "1,2,3,4,5,6"] {
        for (height, width) in [(8, 8), (9, 8), (17, 45), (28, 28), (31, 32), (64, 11), (127, 128)] {
          var configuration = Configuration(kind)
          try configuration.set("filters", filters)
          configuration.image = MapShape(3, height, width)
          #expect(try configuration.architecture.shapes().last == configuration.image, "\(filters)")
        }
      }
    }
  }
}
