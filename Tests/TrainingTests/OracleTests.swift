import Foundation
import Models
import Numerics
import Programs
import Storage
import Testing
import Training

/// Losses, gradients and ten steps against PyTorch in double precision (numerics contract, 7.2).
@Suite struct OracleTests {
  private static let goldens = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Goldens")

  private static func golden(_ name: String) throws -> SafeTensors {
    try SafeTensors(contentsOf: goldens.appendingPathComponent("\(name).safetensors"))
  }

  /// A model of the golden's configuration with its images and initial weights on the device.
  private struct Twin {
    let file: SafeTensors
    let configuration: Configuration
    let model: LoweredModel
    let prepared: any PreparedProgram

    init(
      _ file: SafeTensors, initial: SafeTensors, _ settings: [String: String],
      layers: TrainingPhases.Layers = .all
    ) throws {
      self.file = file
      var configuration = Configuration(try ModelKind(name: file.metadata["model"]!))
      let widths = ["latent", "filters", "hidden", "dropout", "noise", "kl-weight"]
      for (key, value) in configuration.pairs where widths.contains(key) {
        try configuration.set(key, file.metadata[key] ?? value)
      }
      for (key, value) in settings { try configuration.set(key, value) }
      try configuration.set("batch-size", "8")
      let draws = try JSONDecoder().decode([String: Int].self, from: Data(file.metadata["draws"]!.utf8))
      configuration.seed = UInt64(draws["seed"]!)
      self.configuration = configuration
      model = try LoweredModel(
        configuration, datasetImages: 8, training: TrainingShape(steps: 10, layers: layers),
        evaluation: EvaluationShape(steps: 1))
      prepared = try Support.backend().prepare(model.program.drawing(from: draws))
      try prepared.write(try file.values("images", of: UInt8.self), to: model.dataset)
      if let labels = model.labels {
        try prepared.write(try file.values("labels", of: UInt8.self), to: labels)
      }

      let order = Array(UInt32(0)..<8)
      let batches = [ArraySlice<UInt32>](repeating: order[...], count: 10)
      try prepared.write(model.training!.rows(batches), to: model.training!.indices)
      var table = configuration.trainingTable(epoch: 1, batches: batches.map(\.count))
      // The golden's draws are those of epoch 0.
      for step in 0..<10 { table[step, .epoch] = 0 }
      try prepared.write(table.words, to: model.training!.table)
      try prepared.write([UInt32.max], to: model.status!)

      var weights = SafeTensors()
      for tensor in initial.tensors where tensor.name.hasPrefix("initial.") {
        try weights.add(
          String(tensor.name.dropFirst(8)), shape: tensor.shape, floats: initial.floats(tensor.name))
      }
      try ModelState(weights, table: model.table).write(to: prepared, of: model)
    }
  }

  private func distance(_ a: [Float], _ b: [Float]) -> Double {
    let difference = zip(a, b).reduce(0.0) {
      $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
    }
    let norm = b.reduce(0.0) { $0 + Double($1) * Double($1) }
    return (difference / norm).squareRoot()
  }

  @Test(
    "Losses and gradients",
    arguments: [
      "conv-autoencoder", "conv-autoencoder-dropout", "conv-autoencoder-wide", "conv-autoencoder-default",
      "denoising-autoencoder", "classifier", "vae", "conv-vae",
    ])
  func gradients(_ name: String) throws {
    let file = try Self.golden(name)
    let twin = try Twin(file, initial: file, [:])
    try twin.prepared.run(.train, step: 0)
    let losses = try twin.prepared.floats(twin.model.training!.losses)
    let expected = try #require(file.metadata["loss"].flatMap(Double.init))
    #expect(abs(Double(losses[0]) - expected) < 1e-6 * expected)
    let arena = try twin.prepared.floats(try #require(twin.model.gradients))
    for parameter in twin.model.table.parameters {
      let packed = arena[parameter.offset..<parameter.offset + parameter.shape.packedCount]
      let apart = distance(parameter.shape.unpack(packed), try file.floats("gradient." + parameter.name))
      #expect(apart < 1e-5, "\(parameter.name): \(apart)")
    }
  }

  @Test(
    "Ten steps",
    arguments: [
      ("conv-autoencoder", "adam"), ("conv-autoencoder", "sgd"), ("conv-autoencoder-dropout", "adam"),
      ("conv-autoencoder-wide", "adam"), ("conv-autoencoder-wide", "sgd"), ("denoising-autoencoder", "adam"),
      ("classifier", "adam"), ("classifier", "sgd"), ("classifier", "adam-last-2"), ("vae", "adam"),
      ("vae", "sgd"), ("conv-vae", "adam"), ("conv-vae", "sgd"), ("conv-autoencoder-default-steps", "adam"),
      ("conv-autoencoder-default-steps", "sgd"),
    ])
  func steps(_ name: String, _ run: String) throws {
    let file = try Self.golden(name)
    let initial = name.hasSuffix("-steps") ? try Self.golden(String(name.dropLast(6))) : file
    let text = try #require(file.metadata[run])
    let about = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    var settings = ["optimizer": "\(about["kind"]!)"]
    for key in ["learning-rate", "weight-decay", "momentum"] {
      if let value = about[key] as? Double { settings[key] = "\(value)" }
    }
    if settings["momentum"] != nil { settings["optimizer"] = "momentum" }
    let twin = try Twin(file, initial: initial, settings, layers: run.hasSuffix("last-2") ? .last(2) : .all)
    for step in 0..<10 { try twin.prepared.run(.train, step: step) }
    #expect(try twin.prepared.words(try #require(twin.model.status)) == [UInt32.max])

    let losses = try twin.prepared.floats(twin.model.training!.losses)
    for (step, expected) in try file.floats("\(run).losses").enumerated() {
      let found = losses[step * twin.model.slots.count]
      #expect(abs(found - expected) < 1e-5 * expected, "step \(step): \(found), PyTorch \(expected)")
    }
    let state = try ModelState(reading: twin.prepared, of: twin.model)
    for tensor in state.parameters where file.contains("\(run).\(tensor.name)") {
      let expected = try file.floats("\(run).\(tensor.name)", shape: tensor.shape)
      let apart = zip(tensor.values, expected).map { abs($0 - $1) }.max()!
      #expect(apart < 1e-5, "\(tensor.name): \(apart)")
    }
  }
}

extension Program {
  /// The same program with its random numbers drawn from the golden's streams.
  fileprivate func drawing(from draws: [String: Int]) throws -> Program {
    var builder = ProgramBuilder()
    for buffer in buffers { _ = builder.buffer(buffer.name, buffer.contents, buffer.storage) }
    for routine in routines {
      var dropouts = 0
      func source(_ name: String, _ layer: Int = 0) -> RandomSource {
        RandomSource(seed: UInt64(draws["seed"]!), stream: UInt32(draws[name]! + 1000 * layer))
      }
      func sampled(_ d: ReparameterizeForward) throws -> ReparameterizeForward {
        try ReparameterizeForward(
          mean: d.mean, logVariance: d.logVariance, output: d.output, source: d.source,
          random: source("epsilon"))
      }
      let operations: [Programs.Operation] = try routine.operations.map { operation in
        switch operation {
        case .addNoise(let d):
          return .addNoise(
            try AddNoise(
              input: d.input, output: d.output, source: d.source, random: source("noise"), factor: d.factor))
        case .dropoutForward(let d):
          dropouts += 1
          return .dropoutForward(
            try DropoutForward(
              input: d.input, output: d.output, source: d.source, random: source("dropout", dropouts - 1),
              probability: Double(1 - d.keep)))
        case .reparameterizeForward(let d): return .reparameterizeForward(try sampled(d))
        case .reparameterizeBackward(let d):
          return .reparameterizeBackward(
            try ReparameterizeBackward(
              sampled(d.forward), outputGradient: d.outputGradient, meanGradient: d.meanGradient,
              logVarianceGradient: d.logVarianceGradient))
        default: return operation
        }
      }
      builder.add(Routine(routine.name, operations))
    }
    return builder.program()
  }
}
