import Datasets
import Foundation
import Models
import Numerics
import Pictures
import Programs
import TestSupport
import Testing
import Training
import Views

@Suite("Views of models and runs")
struct ViewsTests {
  private static func weights(_ kind: ModelKind, _ settings: [String: String] = [:]) throws -> Weights {
    var configuration = Configuration(kind)
    for (key, value) in settings { try configuration.set(key, value) }
    let prepared = try PreparedModel(
      configuration, images: 1, training: TrainingShape(steps: 1), evaluation: EvaluationShape(steps: 1),
      on: cpu(1))
    try prepared.initialise()
    return Weights(configuration, try prepared.state())
  }

  @Test("The error under noise is what evaluation says, or that of the outputs")
  func curve() throws {
    let images = try Discs.images(40)
    for (kind, isLoss) in [(ModelKind.convAutoencoder, true), (.denoisingAutoencoder, true), (.vae, false)] {
      let weights = try Self.weights(kind)
      let curve = try NoiseCurve(weights, name: "a", images: images, factors: [0, 0.5], backend: cpu(2))
      #expect(curve.levels.map(\.noise) == [0, 0.5])
      for level in curve.levels {
        let evaluator = try Evaluator(
          weights, images: images, backend: cpu(1), mode: isLoss ? .sample : .mean, noise: level.noise)
        let loss = try evaluator.evaluate().metrics["loss"]
        if isLoss { #expect(level.meanSquaredError == loss) }
        var sum = 0.0
        for (index, output) in try evaluator.outputs().enumerated() {
          for (made, clean) in zip(output, images.image(index)) {
            sum += (Double(made) - Double(clean) / 255) * (Double(made) - Double(clean) / 255)
          }
        }
        #expect(abs(level.meanSquaredError - sum / (40 * 784)) < 1e-6 * level.meanSquaredError)
      }
      #expect(curve.levels[0].meanSquaredError != curve.levels[1].meanSquaredError)
    }
    #expect(throws: TrainingError.self) {
      try NoiseCurve(Self.weights(.classifier), name: "a", images: images, backend: cpu(1))
    }
  }

  @Test("Curves have the same bits on every device")
  func devices() throws {
    let images = try Discs.images(21)
    let weights = try Self.weights(.convAutoencoder)
    let expected = try NoiseCurve(weights, name: "a", images: images, factors: [0, 0.7], backend: cpu(1))
    for device in TestDevice.all {
      let found = try NoiseCurve(
        weights, name: "a", images: images, factors: [0, 0.7], backend: device.backend)
      #expect(found == expected, "\(device)")
    }
  }

  @Test("Comma-separated values have a column for each model, its name quoted where it must be")
  func csv() throws {
    let weights = try Self.weights(.convAutoencoder)
    let curves = try ["a", "b, \"c\""].map {
      try NoiseCurve(weights, name: $0, images: Discs.images(3), factors: [0, 1], backend: cpu(1))
    }
    let lines = NoiseCurve.csv(curves).split(separator: "\n")
    #expect(lines.count == 3 && lines[0] == "noise,a,\"b, \"\"c\"\"\"")
    let errors = curves[0].levels.map { "\($0.meanSquaredError)" }
    #expect(lines[1] == "0.0,\(errors[0]),\(errors[0])" && lines[2] == "1.0,\(errors[1]),\(errors[1])")
    #expect(NoiseCurve.csv([]) == "noise\n")
    #expect(NoiseCurve.chart(curves).series.map(\.points.count) == [2, 2])
  }

  @Test("A noisy image has the bits that a device gives it")
  func noise() throws {
    let images = try Discs.images(18)
    let shape = MapShape(images.shape)
    var bench = OperationBench()
    let input = bench.images("input", 18, shape, images.pixels.map { Float($0) / 255 })
    let output = bench.images("output", 18, shape)
    let random = RandomSource(seed: 5, stream: RandomStream.evaluationNoise.word())
    bench.add(
      Operation(
        try AddNoise(
          input: input, output: output, source: bench.source(batch: 18), random: random, factor: 0.4)))
    let expected = try bench.run(on: cpu(1)).tensor(output)
    for index in [0, 17] {
      let noisy = NoisyImage.values(images.image(index), index: UInt32(index), seed: 5, factor: 0.4)
      #expect(noisy == Array(expected[index * 784..<(index + 1) * 784]))
    }
    #expect(NoisyImage.values([0, 51, 255], index: 0, seed: 5, factor: 0) == [0, 0.2, 1])
  }

  @Test("The ladder has a row for each model, all of one noise")
  func ladder() throws {
    let image = try Discs.images(1)
    let (plain, denoising) = (
      try Self.weights(.convAutoencoder), try Self.weights(.denoisingAutoencoder, ["seed": "3"])
    )
    let ladder = try Mosaic.noiseLadder(
      [("plain", plain), ("denoising", denoising)], image: image, factors: [0, 0.5, 1], backend: cpu(1))
    #expect(ladder.rows.map(\.name) == ["clean", "noisy", "plain", "denoising"])
    #expect(ladder.columns == ["0", "0.50", "1.0"])
    #expect(ladder.rows.allSatisfy { $0.pictures.count == 3 })
    #expect(ladder.rows[0].pictures[2] == ladder.rows[1].pictures[0])
    #expect(ladder.rows[1].pictures[1] != ladder.rows[1].pictures[2])
    #expect(ladder.rows[2].pictures[0] != ladder.rows[2].pictures[2])
  }

  @Test("Filters are tiles of the first layer's weights, grey where zero")
  func filters() throws {
    let weights = try Self.weights(.convAutoencoder)
    let tiles = try Mosaic.filters(weights).rows.flatMap(\.pictures)
    #expect(tiles.count == 8 && tiles.allSatisfy { $0.width == 3 && $0.height == 3 && $0.channels == 1 })
    let values = weights.state.parameters[0].values
    let largest = values.map(\.magnitude).max()!
    #expect(tiles[3][2, 1] == Picture.shade(0.5 + values[3 * 9 + 5] / (2 * largest)))
    #expect(tiles.contains { $0.pixels.contains(0) || $0.pixels.contains(255) })
    let coloured = try Mosaic.filters(Self.weights(.convAutoencoder, ["image": "3x16x16"]))
    #expect(coloured.rows[0].pictures[0].channels == 3)
    let linear = try Mosaic.filters(Self.weights(.vae))
    #expect(linear.rows.count == 8 && linear.rows[0].pictures[0].width == 28)
  }

  @Test("Charts of a run show what its manifest holds")
  func run() throws {
    var configuration = Configuration(.classifier)
    try configuration.set("epochs", "3")
    let trainer = try Trainer(
      configuration, dataset: Discs.dataset(train: 100, test: 20), backend: cpu(2))
    _ = try trainer.fit()
    let manifest = trainer.manifest
    let chart = LineChart.training(manifest, test: 0.5)
    #expect(chart.series.map(\.name) == ["train", "validation", "test 0.500"])
    #expect(chart.series[0].points.map(\.y) == manifest.epochs.map(\.trainLoss))
    #expect(chart.series[1].points.map(\.y) == manifest.epochs.map { $0.validationLoss! })
    #expect(chart.annotations == [.init(x: Double(manifest.bestEpoch), "best epoch \(manifest.bestEpoch)")])
    let accuracy = LineChart.training(manifest, metric: "accuracy")
    #expect(accuracy.series[0].points.map(\.y) == manifest.epochs.map { $0.trainMetrics["accuracy"]! })
    #expect(LineChart.training(manifest, metric: "none").series.isEmpty)

    let weights = Weights(trainer.configuration, try trainer.checkpoint().state)
    let evaluation = try Evaluator(weights, images: Discs.images(50), backend: cpu(1)).evaluate()
    let map = try #require(HeatMap.confusion(evaluation, names: ["zero"]))
    #expect(map.values.joined().reduce(0, +) == 50 && map.shading == .confusion)
    let other = try Evaluator(Self.weights(.vae), images: Discs.images(5), backend: cpu(1)).evaluate()
    #expect(HeatMap.confusion(other) == nil)
  }
}
