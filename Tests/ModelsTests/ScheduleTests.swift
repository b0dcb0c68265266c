import Models
import Programs
import Testing

@Suite struct ScheduleTests {
  private func rates(_ settings: [String: String], epochs: Int) throws -> [Double] {
    var configuration = Configuration(withoutRecipe: .convAutoencoder)
    for (key, value) in settings { try configuration.set(key, value) }
    configuration.epochs = epochs
    return (1...epochs).map { configuration.learningRate(epoch: $0, step: 0, stepsPerEpoch: 4) }
  }

  @Test func constantStepAndCosine() throws {
    #expect(try rates(["learning-rate": "0.5"], epochs: 3) == [0.5, 0.5, 0.5])
    let step = ["learning-rate": "1", "schedule": "step", "schedule-epochs": "2", "schedule-factor": "0.5"]
    #expect(try rates(step, epochs: 5) == [1, 1, 0.5, 0.5, 0.25])
    let cosine = ["learning-rate": "1", "schedule": "cosine", "minimum-learning-rate": "0.5"]
    let found = try rates(cosine, epochs: 4)
    for (rate, expected) in zip(found, [1, 0.926_776_695_296_636_9, 0.75, 0.573_223_304_703_363_1]) {
      #expect(abs(rate - expected) < 1e-15)
    }
  }

  @Test func warmUpRisesStepByStep() throws {
    var configuration = Configuration(withoutRecipe: .convAutoencoder)
    try configuration.set("learning-rate", "1")
    try configuration.set("warm-up", "0.5")
    let rates = (0..<4).map { configuration.learningRate(epoch: 1, step: $0, stepsPerEpoch: 4) }
    #expect(rates == [0.5, 1, 1, 1])
  }

  /// The rates of every step of the first `epochs` epochs, four steps each.
  private func steps(_ settings: [String: String], epochs: Int) throws -> [Double] {
    var configuration = Configuration(withoutRecipe: .convAutoencoder)
    for (key, value) in settings { try configuration.set(key, value) }
    return (1...epochs).flatMap { epoch in
      (0..<4).map { configuration.learningRate(epoch: epoch, step: $0, stepsPerEpoch: 4) }
    }
  }

  private func expect(
    _ found: [Double], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    for (step, pair) in zip(found, expected).enumerated() {
      #expect(abs(pair.0 - pair.1) < 1e-15, "step \(step)", sourceLocation: sourceLocation)
    }
  }

  private func four(_ rates: Double...) -> [Double] { rates.flatMap { [$0, $0, $0, $0] } }

  @Test("Steps and cosine begin after the warm-up")
  func warmUpAndSchedules() throws {
    // Six steps of warm-up: the rest of the epoch in which it ends has the full rate.
    let step = ["schedule": "step", "schedule-epochs": "2", "schedule-factor": "0.5", "warm-up": "1.5"]
    let rising = (1...6).map { Double($0) / 6 }
    expect(
      try steps(step.merging(["learning-rate": "1"]) { $1 }, epochs: 7),
      rising + [1, 1] + four(1, 1, 0.5, 0.5, 0.25))

    let cosine = ["schedule": "cosine", "minimum-learning-rate": "0.5", "warm-up": "1", "epochs": "5"]
    expect(
      try steps(cosine.merging(["learning-rate": "1"]) { $1 }, epochs: 5),
      [0.25, 0.5, 0.75, 1] + four(1, 0.926_776_695_296_636_9, 0.75, 0.573_223_304_703_363_1))
  }

  @Test("Every phase warms up, and has a schedule of its own")
  func phases() throws {
    let settings = ["learning-rate": "1", "trainable": "last-2:2,all:3@0.5", "warm-up": "1"]
    expect(
      try steps(settings, epochs: 5),
      [0.25, 0.5, 0.75, 1] + four(1) + [0.125, 0.25, 0.375, 0.5] + four(0.5, 0.5))
    let step = ["schedule": "step", "schedule-epochs": "1", "schedule-factor": "0.5", "warm-up": "0"]
    expect(try steps(settings.merging(step) { $1 }, epochs: 5), four(1, 0.5, 0.5, 0.25, 0.125))
  }

  @Test("A phase whose rate is below the cosine's minimum keeps it")
  func rateBelowMinimum() throws {
    let settings = [
      "learning-rate": "1", "trainable": "last-2:2@0.1,all:2", "schedule": "cosine",
      "minimum-learning-rate": "0.3",
    ]
    expect(try steps(settings, epochs: 4), four(0.1, 0.1, 1, 0.65))
  }

  @Test("The KL weight rises over the run, not over a phase")
  func klWarmUp() throws {
    var configuration = Configuration(withoutRecipe: .vae)
    for (key, value) in [("kl-weight", "6"), ("kl-warm-up", "3"), ("trainable", "last-1:2,all:2")] {
      try configuration.set(key, value)
    }
    // A twelfth of the weight per step.
    let expected: [[Float]] = [[0, 0.5, 1, 1.5], [2, 2.5, 3, 3.5], [4, 4.5, 5, 5.5], [6, 6, 6, 6]]
    for epoch in 1...4 {
      let table = configuration.trainingTable(epoch: epoch, batches: [10, 10, 10, 10])
      let weights = (0..<4).map { Float(bitPattern: table[$0, .klWeight]) }
      let scales = (0..<4).map { Float(bitPattern: table[$0, .klGradientScale]) }
      #expect(weights == expected[epoch - 1])
      // The gradient is that of the mean over the ten images.
      #expect(scales == expected[epoch - 1].map { Float(Double($0) / 10) })
    }
  }

  @Test func tableHoldsEveryScalar() throws {
    var configuration = Configuration(withoutRecipe: .convVAE)
    try configuration.set("kl-warm-up", "1")
    try configuration.set("optimizer", "adamw")
    try configuration.set("weight-decay", "0.1")
    let table = configuration.trainingTable(epoch: 1, batches: [128, 72])
    func value(_ step: Int, _ field: StepField) -> Float { Float(bitPattern: table[step, field]) }
    #expect(table[1, .images] == 72)
    #expect(table[1, .epoch] == 1)
    #expect(value(1, .lossScale) == Float(1 / 72.0))
    #expect(value(1, .gradientScale) == Float(1 / 72.0))
    #expect(value(0, .klWeight) == 0 && value(1, .klWeight) == 0.5)
    #expect(value(0, .stepSize) == Float(0.001 / (1 - 0.9)))
    #expect(value(0, .secondMomentScale) == Float((1 - 0.999).squareRoot()))
    #expect(value(0, .decay) == Float(1 - 0.0001))
    let evaluation = configuration.evaluationTable(batches: [256])
    #expect(Float(bitPattern: evaluation[0, .klWeight]) == 1 && evaluation[0, .epoch] == 0)
    #expect(Loss.meanSquaredError.gradientScale(images: 3, values: 784) == 2.0 / (3 * 784))
  }

  @Test func theOptimizerStartsAfreshWithAPhase() throws {
    var configuration = Configuration(withoutRecipe: .classifier)
    configuration.trainable = try #require(TrainingPhases(text: "last-2:2,all:3@0.5"))
    let first = configuration.trainingTable(epoch: 1, batches: [8])
    let again = configuration.trainingTable(epoch: 3, batches: [8])
    #expect(first[0, .secondMomentScale] == again[0, .secondMomentScale])
    #expect(Float(bitPattern: again[0, .stepSize]) == Float(0.5 / (1 - 0.9)))
  }
}
