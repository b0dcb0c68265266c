import Numerics
import OpenCLBackend
import Programs
import TestSupport
import Testing

/// Initial values, joins of sums, clipping and optimizers against the contract, bit by bit.
@Suite(.enabled(if: TestDevices.areWanted), .serialized)
struct ParameterTests {
  @Test(arguments: [
    ParameterShape.convolution(small: 6, big: 3, kernel: 3), .linear(outputs: 9, inputs: 5), .bias(7),
  ])
  func initialise(_ shape: ParameterShape) throws {
    var bench = OperationBench()
    // Earlier contents are overwritten, padding included.
    let parameter = bench.stored(
      "parameter", .parameter(shape), [Float](repeating: 9, count: shape.packedCount))
    let source = RandomSource(seed: 0x8000_0000_0000_0001, stream: 0x102)
    let expected = (0..<shape.count).map {
      Formulas.initialWeight(Reference.uniform(source, epoch: 0, sample: 0, $0), bound: 0.3)
    }
    let operation = try Initialise(parameter: parameter, random: source, bound: 0.3)
    try bench.runEverywhere([Operation(operation)]) { name, prepared in
      expectSameBits(try prepared.floats(parameter), shape.pack(expected), "\(shape) on \(name)")
    }
  }

  @Test(arguments: [1, 2, 3, 5, 8, 13])
  func chunksAndParts(_ count: Int) throws {
    var random = TestRandom(UInt64(count))
    var bench = OperationBench()
    let stride = 5 * Blocking.segment
    let values = random.floats(count * stride)
    let partials = bench.floats("partials", values.count, values)
    let parts = bench.floats("parts", values.count, values)
    let segments = bench.constant("segments", [0, 2, 3])
    let gradients = bench.floats("gradients", stride)
    let sums = (0..<stride).map { i in Reference.tree((0..<count).map { values[$0 * stride + i] }) + 0 }
    let expected = (0..<stride).map { [0, 2, 3].contains($0 / Blocking.segment) ? sums[$0] : 0 }
    let operations: [Programs.Operation] = [
      Operation(
        try SumPartials(
          partials: partials, rows: count, stride: stride, segments: segments, gradients: gradients)),
      Operation(
        try SumPartials(partials: parts, rows: count, stride: stride, segments: segments, gradients: parts)),
    ]
    try bench.runEverywhere(operations) { name, prepared in
      expectSameBits(try prepared.floats(gradients), expected, "chunks on \(name)")
      let inPlace = try prepared.floats(parts, count: stride)
      for i in 0..<stride where [0, 2, 3].contains(i / Blocking.segment) {
        expectSameBits([inPlace[i]], [sums[i]], "parts on \(name)")
      }
    }
  }

  @Test(arguments: [[1], [37], [16, 16, 5], [40, 40, 40, 40, 7]])
  func sumPerImage(_ batches: [Int]) throws {
    var random = TestRandom(8)
    var bench = OperationBench()
    let values = batches.map { random.floats($0) }
    let parts = zip(batches, values).map { batch, values in
      bench.images("part", batch, .features(1), values)
    }
    var table = StepTable(steps: 3)
    table.set(2, .lossScale, 0.3)
    let words = bench.words("table", table.words)
    let results = bench.floats("results", 6)
    let sum = Reference.tree(
      zip(batches, values).map { batch, values in
        Reference.lanes(nil, batch, pixels: 1) { n, _, sum in sum + values[n] } + 0
      })
    let sums = bench.floats("sums", 2 * parts.count)
    var operations = try parts.enumerated().flatMap { part, perImage in
      try (0..<2).map { slot in
        Operation(try SumPerImage(perImage: perImage, sums: sums, place: 2 * part + slot))
      }
    }
    operations.append(
      Operation(
        try JoinLosses(
          sums: sums, parts: parts.count, scaled: [true, false], table: words, losses: results)))
    try bench.runEverywhere(operations, step: 2) { name, prepared in
      expectSameBits(try prepared.floats(results), [0, 0, 0, 0, sum * 0.3, sum], "\(batches) on \(name)")
    }
  }

  @Test(arguments: [Float(0.5), 1000])
  func clipNorm(_ maximum: Float) throws {
    var random = TestRandom(9)
    var bench = OperationBench()
    let shapes: [ParameterShape] = [
      .linear(outputs: 30, inputs: 77), .bias(30), .convolution(small: 5, big: 3, kernel: 3),
    ]
    let values = shapes.map { random.floats($0.count) }
    let lengths = shapes.map { Blocking.wholeSegments($0.packedCount) }
    let gradients = bench.floats(
      "gradients", lengths.reduce(0, +),
      zip(zip(shapes, values), lengths).flatMap { pair, length in
        let packed = pair.0.pack(pair.1)
        return packed + [Float](repeating: 0, count: length - packed.count)
      })
    var (tensors, offset): ([Buffer], Int) = ([], 0)
    for (shape, length) in zip(shapes, lengths) {
      tensors.append(
        bench.region("tensor", shape, of: gradients, at: offset))
      offset += length
    }
    let partials = bench.floats("partials", tensors.reduce(0) { $0 + ClipNorm.chunks($1) })
    let factor = bench.floats("factor", 2)
    let squares =
      Reference.tree(
        values.map { tensor in
          Reference.tree(
            stride(from: 0, to: tensor.count, by: 1024).map { start in
              var lanes = [Float](repeating: 0, count: 8)
              for i in start..<min(start + 1024, tensor.count) {
                lanes[i % 8] = fma(tensor[i], tensor[i], lanes[i % 8])
              }
              return Reference.join(lanes)
            })
        }) + 0
    let operation = try ClipNorm(
      gradients: gradients, tensors: tensors, maximum: maximum, partials: partials, factor: factor)
    let expected = [Formulas.clipCoefficient(squares: squares, limit: maximum), squares.squareRoot()]
    try bench.runEverywhere([Operation(operation)]) { name, prepared in
      expectSameBits(try prepared.floats(factor), expected, "\(maximum) on \(name)")
    }
  }

  /// A rule with its kinds of weight decay.
  static let rules: [(OptimizerRule, Float, Bool)] = [
    (.sgd(momentum: 0, nesterov: false), 0, false), (.sgd(momentum: 0.9, nesterov: false), 0.01, false),
    (.sgd(momentum: 0.9, nesterov: true), 0.01, true), (.rmsprop(alpha: 0.99, epsilon: 1e-8), 0.01, false),
    (.adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), 0, false),
    (.adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), 0.01, true),
  ]

  @Test(arguments: rules)
  func update(_ rule: OptimizerRule, _ decay: Float, _ isDecoupled: Bool) throws {
    var random = TestRandom(10)
    var bench = OperationBench()
    let owners: [UInt32] = [0, 0, 1, Update.frozen, 2]
    let count = owners.count * Blocking.segment
    let p = random.floats(count), g = random.floats(count)
    let state = (0..<rule.stateCount).map { _ in random.floats(count).map(abs) }
    var table = StepTable(steps: 2)
    table.set(1, .stepSize, 0.013)
    table.set(1, .secondMomentScale, 0.7)
    table.set(1, .decay, 0.99)
    let parameters = bench.floats("parameters", count, p)
    let gradients = bench.floats("gradients", count, g)
    let arenas = state.map { bench.floats("state", count, $0) }
    let clip = bench.floats("clip", 2, [0.8, 0])
    let status = bench.words("status", [UInt32.max])
    let segments = bench.constant("segments", owners)
    let words = bench.words("table", table.words)
    let losses = bench.floats("losses", 2, [1, 1])
    let operation = try Update(
      rule: rule, weightDecay: decay, decoupled: isDecoupled, parameters: parameters, gradients: gradients,
      state: arenas, segments: segments, table: words, losses: losses, lossSlots: 1, status: status,
      tensors: 3,
      clip: clip)
    var (expected, states) = (p, state)
    for i in 0..<count where owners[i / Blocking.segment] != Update.frozen {
      var (p, gradient) = (lanes(expected[i]), Formulas.clip(lanes(g[i]), coefficient: 0.8))
      var values = states.map { lanes($0[i]) }
      if isDecoupled {
        p = Formulas.decoupledDecay(p, factor: 0.99)
      } else if decay != 0 {
        gradient = Formulas.l2(gradient, parameter: p, decay: decay)
      }
      switch rule {
      case .sgd(let momentum, let nesterov):
        let scalars = SGDScalars(learningRate: 0.013, momentum: momentum)
        if momentum == 0 {
          Formulas.sgd(&p, gradient: gradient, scalars)
        } else {
          Formulas.momentum(&p, buffer: &values[0], gradient: gradient, nesterov: nesterov, scalars)
        }
      case .rmsprop(let alpha, let epsilon):
        let scalars = RMSpropScalars(learningRate: 0.013, decay: alpha, epsilon: epsilon)
        Formulas.rmsprop(&p, square: &values[0], gradient: gradient, scalars)
      case .adam(let beta1, let beta2, let epsilon):
        let scalars = AdamScalars(
          stepSize: 0.013, rootCorrection: 0.7, beta1: beta1, beta2: beta2, epsilon: epsilon)
        var (mean, square) = (values[0], values[1])
        Formulas.adam(&p, mean: &mean, square: &square, gradient: gradient, scalars)
        values = [mean, square]
      }
      expected[i] = p[0]
      for (state, value) in values.enumerated() { states[state][i] = value[0] }
    }
    try bench.runEverywhere([Operation(operation)], step: 1) { name, prepared in
      expectSameBits(try prepared.floats(parameters), expected, "\(rule) on \(name)")
      for (arena, values) in zip(arenas, states) {
        expectSameBits(try prepared.floats(arena), values, "state of \(rule) on \(name)")
      }
      let watched = try prepared.words(status)
      #expect(watched == [UInt32.max], "\(name)")
    }
  }

  /// The watch names the smallest (step, tensor): a gradient of tensor 1, a loss, nothing.
  @Test(arguments: [(Float.nan, Float(1), UInt32(1 * 4 + 1 + 1)), (1, .infinity, 1 * 4), (1, 1, .max)])
  func watch(_ gradient: Float, _ loss: Float, _ expected: UInt32) throws {
    var bench = OperationBench()
    let count = 3 * Blocking.segment
    var values = [Float](repeating: 0.5, count: count)
    values[Blocking.segment + 77] = gradient
    // Nothing watches a frozen segment.
    values[2 * Blocking.segment + 1] = .nan
    let parameters = bench.floats("parameters", count, [Float](repeating: 1, count: count))
    let gradients = bench.floats("gradients", count, values)
    let status = bench.words("status", [UInt32.max])
    let segments = bench.constant("segments", [0, 1, Update.frozen])
    let table = bench.words("table", StepTable(steps: 2).words)
    let losses = bench.floats("losses", 4, [1, 1, loss, 1])
    let operation = try Update(
      rule: .sgd(momentum: 0, nesterov: false), weightDecay: 0, decoupled: false, parameters: parameters,
      gradients: gradients, state: [], segments: segments, table: table, losses: losses, lossSlots: 2,
      status: status, tensors: 3)
    try bench.runEverywhere([Operation(operation)], step: 1) { name, prepared in
      let watched = try prepared.words(status)
      #expect(watched == [expected], "\(name)")
    }
  }
}
