import Models
import Programs
import Testing

@Suite struct ScheduleTests {
  private func rates(_ settings: [String: String], epochs: Int) throws -> [Double] {
    var configuration = Configuration(.convAutoencoder)
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
    var configuration = Configuration(.convAutoencoder)
    try configuration.set("learning-rate", "1")
    try configuration.set("warm-up", "0.5")
    let rates = (0..<4).map { configuration.learningRate(epoch: 1, step: $0, stepsPerEpoch: 4) }
    #expect(rates == [0.5, 1, 1, 1])
  }

  @Test func tableHoldsEveryScalar() throws {
    var configuration = Configuration(.convVAE)
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
    #expect(Loss.meanSquaredError.gradientScale(images: 3) == 2.0 / (3 * 784))
  }

  @Test func theOptimizerStartsAfreshWithAPhase() throws {
    var configuration = Configuration(.classifier)
    configuration.trainable = try #require(TrainingPhases(text: "last-2:2,all:3@0.5"))
    let first = configuration.trainingTable(epoch: 1, batches: [8])
    let again = configuration.trainingTable(epoch: 3, batches: [8])
    #expect(first[0, .secondMomentScale] == again[0, .secondMomentScale])
    #expect(Float(bitPattern: again[0, .stepSize]) == Float(0.5 / (1 - 0.9)))
  }
}
