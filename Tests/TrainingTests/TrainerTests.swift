import Foundation
import Models
import Storage
import Testing
import Training

@Suite struct TrainerTests {
  @Test("Losses fall", arguments: ModelKind.allCases)
  func learns(_ kind: ModelKind) throws {
    let configuration = try Support.configuration(kind, ["epochs": "8", "dropout": "0"])
    let trainer = try Trainer(configuration, dataset: Support.dataset(), backend: Support.backend(threads: 2))
    #expect(try trainer.fit() == .finished)
    let epochs = trainer.manifest.epochs
    #expect(epochs.map(\.epoch) == Array(1...8))
    #expect(epochs.last!.trainLoss < 0.9 * epochs[0].trainLoss)
    #expect(try #require(epochs.last!.validationLoss) < 0.9 * (try #require(epochs[0].validationLoss)))
    #expect(trainer.best != nil && trainer.stopping.bestEpoch == trainer.manifest.bestEpoch)
  }

  @Test("Threads do not matter", arguments: ModelKind.allCases)
  func threads(_ kind: ModelKind) throws {
    let configuration = try Support.configuration(kind, ["shards": "2", "clip-norm": "0.5"])
    #expect(try Support.hashes(configuration) == Support.hashes(configuration, threads: 3))
  }

  @Test(
    "Everything that should matter does",
    arguments: [
      ("seed", "8"), ("dropout", "0.2"), ("shards", "2"), ("weight-decay", "0.01"), ("clip-norm", "0.001"),
      ("optimizer", "rmsprop"), ("warm-up", "1"), ("noise", "0.4"),
    ])
  func settings(_ key: String, _ value: String) throws {
    let plain = try Support.configuration(.denoisingAutoencoder, ["epochs": "1"])
    var other = plain
    try other.set(key, value)
    #expect(try Support.hashes(plain) != Support.hashes(other))
  }

  @Test("Shards only change the order of sums", arguments: [2, 3, 37])
  func shards(_ count: Int) throws {
    func weights(_ shards: Int) throws -> [Float] {
      let configuration = try Support.configuration(
        .convVAE,
        [
          "shards": "\(shards)", "optimizer": "momentum",
          "learning-rate": "0.0001",
        ])
      let trainer = try Trainer(configuration, dataset: Support.dataset(), backend: Support.backend())
      _ = try trainer.fit(through: 1)
      return try trainer.checkpoint().state.parameters.flatMap(\.values)
    }
    let (one, many) = (try weights(1), try weights(count))
    #expect(one != many)
    #expect(zip(one, many).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test("Optimizers learn", arguments: Optimizer.allCases)
  func optimizers(_ optimizer: Optimizer) throws {
    let rate = optimizer.stateNames.isEmpty || optimizer.stateNames == ["momentum"] ? "0.05" : "0.003"
    let configuration = try Support.configuration(
      .classifier, ["optimizer": optimizer.rawValue, "learning-rate": rate, "dropout": "0", "epochs": "5"])
    let trainer = try Trainer(configuration, dataset: Support.dataset(), backend: Support.backend())
    _ = try trainer.fit()
    let epochs = trainer.manifest.epochs
    #expect(epochs.last!.trainLoss < epochs[0].trainLoss)
    let names = Set(try trainer.checkpoint().state.optimizer.map { $0.name.split(separator: ".")[1] })
    #expect(names == Set(optimizer.stateNames.map { Substring($0) }))
  }

  @Test func patienceStopsEarly() throws {
    let configuration = try Support.configuration(
      .convAutoencoder, ["patience": "2", "learning-rate": "0", "epochs": "9", "dropout": "0"])
    let trainer = try Trainer(configuration, dataset: Support.dataset(), backend: Support.backend())
    #expect(try trainer.fit() == .stoppedEarly)
    #expect(trainer.epoch == 3 && trainer.stopping.bestEpoch == 1 && trainer.manifest.state == .stoppedEarly)
  }

  @Test func frozenLayersStay() throws {
    let configuration = try Support.configuration(.classifier, ["trainable": "last-2:1,all:1"])
    let trainer = try Trainer(configuration, dataset: Support.dataset(), backend: Support.backend())
    let before = try trainer.checkpoint().state.parameters
    #expect(try trainer.fit(through: 1) == .reached)
    let middle = try trainer.checkpoint().state.parameters
    for (old, new) in zip(before, middle) {
      let trains = new.name.hasPrefix("head") || new.name.hasPrefix("encoder.fc2")
      #expect((old == new) != trains, "\(new.name)")
    }
    #expect(try trainer.fit() == .finished)
    let after = try trainer.checkpoint().state.parameters
    #expect(zip(middle, after).allSatisfy { $0 != $1 })
  }

  @Test func labelsAreNeeded() throws {
    let error = #expect(throws: TrainingError.self) {
      try Trainer(
        Support.configuration(.classifier), dataset: Support.dataset(labelled: false),
        backend: Support.backend())
    }
    #expect(error?.description.contains("no labels") == true)
  }

  @Test func transferFromAnEncoder() throws {
    let source = try Trainer(
      Support.configuration(.convAutoencoder), dataset: Support.dataset(), backend: Support.backend())
    _ = try source.fit(through: 1)
    let weights = Weights(source.configuration, try source.checkpoint().state)
    let target = try Trainer(
      Support.configuration(.classifier), dataset: Support.dataset(), backend: Support.backend(),
      start: .weights(weights.file()))
    #expect(target.taken == target.parameterNames.filter { $0.hasPrefix("encoder") })
    let before = Dictionary(uniqueKeysWithValues: weights.state.parameters.map { ($0.name, $0) })
    for tensor in try target.checkpoint().state.parameters where tensor.name.hasPrefix("encoder") {
      #expect(tensor == before[tensor.name])
    }
    let error = #expect(throws: TrainingError.self) {
      try Trainer(
        Support.configuration(.classifier, ["latent": "5"]), dataset: Support.dataset(),
        backend: Support.backend(), start: .weights(weights.file()))
    }
    #expect(error?.description.contains("encoder.fc2.weight") == true)
  }

  @Test("A configuration names the weights that its run began with, and takes no others")
  func initialWeights() throws {
    func trainer(_ configuration: Configuration, _ start: Trainer.Start) throws -> Trainer {
      try Trainer(configuration, dataset: Support.dataset(), backend: Support.backend(), start: start)
    }
    let fresh = try Support.configuration(.vae)
    let source = try trainer(fresh, .initial)
    _ = try source.fit(through: 1)
    #expect(source.configuration.initialWeights == nil)
    let weights = try Weights(source.configuration, source.checkpoint().state).file()
    let configuration = try trainer(fresh, .weights(weights)).configuration
    #expect(configuration.initialWeights?.count == 64)
    #expect(try trainer(configuration, .weights(weights)).configuration == configuration)
    var error = #expect(throws: TrainingError.self) { try trainer(configuration, .initial) }
    #expect(error?.remedy == .giveWeights)
    _ = try source.fit(through: 2)
    let others = try Weights(source.configuration, source.checkpoint().state).file()
    error = #expect(throws: TrainingError.self) { try trainer(configuration, .weights(others)) }
    #expect(error?.description.contains("initial-weights=seed") == true)
  }

  @Test("Weights that are not finite are refused by name")
  func weightsNotFinite() throws {
    let source = try Trainer(
      Support.configuration(.vae), dataset: Support.dataset(), backend: Support.backend())
    var file = SafeTensors()
    for var tensor in try source.checkpoint().state.parameters {
      if tensor.name == "encoder.fc1.weight" { tensor.values[3] = .nan }
      try file.add(tensor.name, shape: tensor.shape, floats: tensor.values)
    }
    let text = "value 3 of encoder.fc1.weight is nan"
    var error = #expect(throws: TrainingError.self) { try Weights(importing: file, model: .vae) }
    #expect(error?.description.contains(text) == true)
    error = #expect(throws: TrainingError.self) {
      try Trainer(
        source.configuration, dataset: Support.dataset(), backend: Support.backend(), start: .weights(file))
    }
    #expect(error?.description.contains(text) == true)
  }
}
