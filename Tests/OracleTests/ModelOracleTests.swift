import Models
import Programs
import TestSupport
import Testing
import Training

/// Whole models against PyTorch in double: outputs, losses, gradients, ten steps.
@Suite struct ModelOracleTests {
  @Test("there is a golden of every model")
  func family() throws {
    let models = try GoldenModel.names(with: "gradient.").map { try Golden($0).text("model") }
    #expect(Set(models) == Set(ModelKind.allCases.map(\.rawValue)))
    #expect(GoldenModel.names(with: "adam.").count == 8)
  }

  @Test("PyTorch's weights come in and go out with the same names, shapes and bits", arguments: golden)
  func weights(_ name: String) throws {
    let golden = try Golden(name)
    let file = try GoldenModel.initialFile(golden)
    let kind = try ModelKind(name: golden.text("model"))
    let written = try Weights(importing: file, model: kind).file()
    #expect(written.names.sorted() == file.names.sorted() && !file.names.isEmpty)
    for tensor in file.tensors { #expect(try written.tensor(tensor.name) == tensor, "\(tensor.name)") }
  }

  private static let golden = GoldenModel.names(with: "initial.")

  @Test("forward and backward", arguments: TestDevice.all, GoldenModel.names(with: "gradient."))
  func gradients(_ device: TestDevice, _ name: String) throws {
    let model = try GoldenModel(name, on: device)
    try model.prepared.run(.gradients, step: 0)
    try expectOutputs(model)
    try expectLosses(model, try model.losses(model.lowered.training!, step: 0))
    let arena = try model.prepared.floats(model.lowered.gradients!)
    for parameter in model.lowered.table.parameters {
      let expected = try model.golden.floats("gradient.\(parameter.name)")
      #expect(
        relativeError(model.tensor(parameter, in: arena), expected) <= 1e-5, "\(name): \(parameter.name)")
    }
    #expect(try model.prepared.words(model.lowered.status!) == [UInt32.max])
  }

  /// Dropout is for training only, so a golden with dropout says nothing of evaluation.
  @Test(
    "evaluation", arguments: TestDevice.all,
    GoldenModel.names(with: "gradient.").filter { !$0.contains("dropout") })
  func evaluation(_ device: TestDevice, _ name: String) throws {
    let model = try GoldenModel(name, on: device)
    try model.prepared.run(.evaluate, step: 0)
    try expectOutputs(model)
    try expectLosses(model, try model.losses(model.lowered.evaluation, step: 0))
  }

  @Test("ten steps", arguments: TestDevice.all, GoldenModel.names(with: "adam."))
  func steps(_ device: TestDevice, _ name: String) throws {
    let runs = ["adam", "sgd"] + (name == "classifier" ? ["adam-last-2"] : [])
    for run in runs {
      let layers: TrainingPhases.Layers = run == "adam-last-2" ? .last(2) : .all
      let model = try GoldenModel(name, run: run, layers: layers, on: device)
      let before = try model.prepared.floats(model.lowered.parameters)
      let expected = try model.golden.floats("\(run).losses")
      for step in expected.indices { try model.prepared.run(.gradients, step: step) }

      for (step, loss) in expected.enumerated() {
        let got = try model.losses(model.lowered.training!, step: step)[.loss]!
        #expect(abs(got - Double(loss)) <= 1e-5 * Double(loss), "\(name) \(run): loss of step \(step)")
      }
      let after = try model.prepared.floats(model.lowered.parameters)
      let trainable = model.lowered.table.trainable(layers)
      for (index, parameter) in model.lowered.table.parameters.enumerated() {
        let got = model.tensor(parameter, in: after)
        if trainable.contains(index) {
          let error = absoluteError(got, try model.golden.floats("\(run).\(parameter.name)"))
          #expect(error <= 1e-5, "\(name) \(run): \(parameter.name)")
        } else {
          #expect(!model.golden.has("\(run).\(parameter.name)"))
          #expect(got == model.tensor(parameter, in: before), "\(name) \(run): \(parameter.name) is frozen")
        }
      }
    }
  }

  private func expectOutputs(_ model: GoldenModel) throws {
    let lowered = model.lowered
    var pairs = [(lowered.outputs, "output"), (lowered.code, "code")]
    if let logVariance = lowered.logVariance { pairs.append((logVariance, "logvar")) }
    for (buffer, name) in pairs {
      let error = relativeError(try model.prepared.tensor(buffer), try model.golden.floats(name))
      #expect(error <= 1e-5, "\(name)")
    }
  }

  private func expectLosses(_ model: GoldenModel, _ losses: [Metric: Double]) throws {
    var expected: [Metric: String] = [.loss: "loss"]
    if model.lowered.architecture.isVariational {
      expected[.reconstruction] = "loss.bce"
      expected[.klDivergence] = "loss.kl"
    }
    for (metric, key) in expected {
      let value: Double = try model.golden.json(key)
      // The loss itself comes closer than its parts: a small divergence is the rest of large terms.
      let tolerance = metric == .loss ? 1e-6 : 1e-5
      #expect(abs(losses[metric]! - value) <= tolerance * abs(value), "\(key)")
    }
    guard losses[.correct] != nil else { return }
    let (logits, labels) = (try model.golden.floats("output"), try model.golden.bytes("labels"))
    let correct = labels.indices.count { n in
      let row = logits[n * ModelKind.classes..<(n + 1) * ModelKind.classes]
      return row.firstIndex(of: row.max()!)! - row.startIndex == Int(labels[n])
    }
    #expect(losses[.correct] == Double(correct))
  }
}
