import Models
import Programs
import TestSupport
import Testing

/// Every optimizer's rule, and clipping, against PyTorch in double.
@Suite struct OptimizerOracleTests {
  /// PyTorch's settings of a rule.
  struct Settings: Decodable {
    let kind: String
    let learningRate: Double
    let weightDecay: Double?
    let momentum: Double?
    let nesterov: Bool?
    let alpha: Double?

    enum CodingKeys: String, CodingKey {
      case kind, momentum, nesterov, alpha
      case learningRate = "learning-rate"
      case weightDecay = "weight-decay"
    }

    /// Our configuration: rule, scalars of a step and decay come from it, as in training.
    func configuration() throws -> Configuration {
      var configuration = Configuration(withoutRecipe: .convAutoencoder)
      let optimizer = nesterov == true ? "nesterov" : momentum != nil ? "momentum" : kind
      try configuration.set("optimizer", optimizer)
      try configuration.set("learning-rate", "\(learningRate)")
      if let weightDecay { try configuration.set("weight-decay", "\(weightDecay)") }
      if let momentum { try configuration.set("momentum", "\(momentum)") }
      if let alpha { try configuration.set("alpha", "\(alpha)") }
      return configuration
    }
  }

  static let rules = ["sgd", "sgd-l2", "momentum", "nesterov", "rmsprop", "adam", "adam-l2", "adamw"]

  @Test("every rule of the file, every optimizer of ours")
  func complete() throws {
    let golden = try Golden("optimizers")
    #expect(
      Set(golden.file.names.filter { $0.hasSuffix(".parameters") })
        == Set(Self.rules.map { "\($0).parameters" }))
    let ours = try Self.rules.map { try golden.json($0, as: Settings.self).configuration().optimizer }
    #expect(Set(ours) == Set(Optimizer.allCases))
  }

  @Test("ten updates", arguments: TestDevice.all, rules)
  func updates(_ device: TestDevice, _ rule: String) throws {
    let golden = try Golden("optimizers")
    let configuration = try golden.json(rule, as: Settings.self).configuration()
    let initial = try golden.floats("initial")
    let fed = try golden.floats("gradients")
    let expected = try golden.floats("\(rule).parameters")
    let steps = fed.count / initial.count
    #expect(steps == 10)

    var bench = OperationBench()
    let table = configuration.trainingTable(epoch: 1, batches: [Int](repeating: 8, count: steps))
    let parameters = bench.floats("parameters", Blocking.segment, initial)
    let gradients = bench.floats("gradients", Blocking.segment)
    let state = configuration.optimizer.stateNames.map { bench.floats($0, Blocking.segment) }
    bench.add(
      Operation(
        try Update(
          rule: configuration.rule, weightDecay: Float(configuration.weightDecay),
          decoupled: configuration.optimizer == .adamw, parameters: parameters, gradients: gradients,
          state: state, segments: bench.constant("segments", [0]), table: bench.words("table", table.words),
          losses: bench.floats("losses", steps), lossSlots: 1, status: bench.words("status", [UInt32.max]),
          tensors: 1)))
    let prepared = try bench.prepare(on: device.backend)
    for step in 0..<steps {
      let range = step * initial.count..<(step + 1) * initial.count
      try prepared.write(Array(fed[range]), to: gradients)
      try prepared.run(.gradients, step: step)
      let got = Array(try prepared.floats(parameters).prefix(initial.count))
      #expect(relativeError(got, Array(expected[range])) <= 1e-6, "\(rule), step \(step)")
      // The distance from the start is far smaller than the parameters' norm, so a wrong scalar shows here.
      let (way, expectedWay) = (zip(got, initial).map(-), zip(expected[range], initial).map(-))
      #expect(relativeError(way, expectedWay) <= 2e-4, "\(rule), step \(step): the way from the start")
    }
  }

  /// The limit of clipping, and the norm that PyTorch found.
  struct Clip: Decodable {
    let limit: Double
    let norm: Double
  }

  @Test("clipping by norm", arguments: TestDevice.all, ["clip-0.5", "clip-100"])
  func clipping(_ device: TestDevice, _ name: String) throws {
    let golden = try Golden("optimizers")
    let clip: Clip = try golden.json(name)
    let shapes = [ParameterShape.linear(outputs: 3, inputs: 1500), .bias(7)]
    let offsets = [0, Blocking.wholeSegments(shapes[0].packedCount)]
    let count = offsets[1] + Blocking.segment
    var arena = [Float](repeating: 0, count: count)
    for (index, shape) in shapes.enumerated() {
      let packed = shape.pack(try golden.floats("clip.gradient\(index)"))
      arena.replaceSubrange(offsets[index]..<offsets[index] + packed.count, with: packed)
    }

    // With a learning rate of 1 the parameters become the clipped gradients, negated.
    var table = StepTable(steps: 1)
    table.set(0, .stepSize, 1)
    var bench = OperationBench()
    let gradients = bench.floats("gradients", count, arena)
    let parameters = bench.floats("parameters", count)
    let factor = bench.floats("factor", 2)
    let tensors = zip(shapes, offsets).map { bench.region("\($0)", $0, of: gradients, at: $1) }
    let owners = (0..<UInt32(count / Blocking.segment)).map {
      Int($0) * Blocking.segment < offsets[1] ? UInt32(0) : 1
    }
    bench.add(
      Operation(
        try ClipNorm(
          gradients: gradients, tensors: tensors, maximum: Float(clip.limit),
          partials: bench.floats("partials", tensors.reduce(0) { $0 + ClipNorm.chunks($1) }), factor: factor))
    )
    bench.add(
      Operation(
        try Update(
          rule: .sgd(momentum: 0, nesterov: false), weightDecay: 0, decoupled: false, parameters: parameters,
          gradients: gradients, state: [], segments: bench.constant("segments", owners),
          table: bench.words("table", table.words), losses: bench.floats("losses", 1), lossSlots: 1,
          status: bench.words("status", [UInt32.max]), tensors: 2, clip: factor)))

    let prepared = try bench.run(on: device.backend)
    #expect(relativeError([Double(try prepared.floats(factor)[1])], [clip.norm]) <= 1e-6)
    let clipped = try prepared.floats(parameters).map { -$0 }
    for (index, shape) in shapes.enumerated() {
      let got = shape.unpack(clipped[offsets[index]...])
      #expect(relativeError(got, try golden.floats("\(name).clipped\(index)")) <= 1e-6, "tensor \(index)")
    }
  }
}
