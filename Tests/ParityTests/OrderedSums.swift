import Programs
import TestSupport

// The sums of section 3 of the contract that can have terms of both signs: all but those of squares and logarithms.

extension OrderedSum {
  static let all: [OrderedSum] =
    [linearForward, linearBackwardInput, linearBackwardWeight, perImage, partials, losses]
    + [Convolution.Direction.down, .up].flatMap {
      [convolutionForward($0), convolutionBackwardInput($0), convolutionBackwardWeight($0)]
    }

  /// Term 0 is the bias, the others are features: an image per probe, and outputs with a bias of 1 and of 2¹⁰⁰.
  private static let linearForward = OrderedSum("linear forward", .chain(0...21)) { backend, probes in
    var bench = OperationBench()
    let (batch, weight) = (probes.count, ParameterShape.linear(outputs: 2, inputs: 21))
    let input = values(batch, .features(21)) { n, term, _, _ in probes[n].value(term + 1) }
    let operation = try LinearForward(
      input: bench.images("input", batch, .features(21), input),
      weight: bench.parameter("weight", weight, ones(weight.count)),
      bias: bench.parameter("bias", .bias(2), [1, 0x1p100]),
      output: bench.images("output", batch, .features(2)), activation: .identity)
    bench.add(Operation(operation))
    let sums = try bench.run(on: backend).tensor(operation.output)
    return probes.enumerated().map { n, probe in [sums[n * 2 + (probe.first == 0 ? 1 : 0)]] }
  }

  private static let linearBackwardInput = OrderedSum("linear backward", .chain(0..<21)) { backend, probes in
    var bench = OperationBench()
    let (batch, weight) = (probes.count, ParameterShape.linear(outputs: 21, inputs: 1))
    let gradient = values(batch, .features(21)) { n, term, _, _ in probes[n].value(term) }
    let operation = try LinearBackwardInput(
      outputGradient: bench.images("gradient", batch, .features(21), gradient),
      weight: bench.parameter("weight", weight, ones(weight.count)),
      inputGradient: bench.images("result", batch, .features(1)), mask: nil)
    bench.add(Operation(operation))
    return try bench.run(on: backend).tensor(operation.inputGradient).map { [$0] }
  }

  /// Terms are images; an output per probe. Weights and biases.
  private static let linearBackwardWeight = OrderedSum(
    "linear weights and biases", .lanes { lane in (0..<70).filter { $0 % 8 == lane } }
  ) { backend, probes in
    try inStrips(probes, of: 256) { probes in
      var bench = OperationBench()
      let outputs = MapShape.features(probes.count)
      let gradient = values(70, outputs) { n, output, _, _ in probes[output].value(n) }
      let operation = try LinearBackwardWeight(
        input: bench.images("input", 70, .features(1), ones(70)),
        outputGradient: bench.images("gradient", 70, outputs, gradient),
        weightGradient: bench.parameter("weights", .linear(outputs: probes.count, inputs: 1)),
        biasGradient: bench.parameter("biases", .bias(probes.count)))
      bench.add(Operation(operation))
      let program = try bench.run(on: backend)
      let sums = try [operation.weightGradient, operation.biasGradient].map { try program.tensor($0) }
      return probes.indices.map { [sums[0][$0], sums[1][$0]] }
    }
  }

  private static let perImage = OrderedSum(
    "losses over images", .lanes { lane in (0..<37).filter { $0 % 8 == lane } }
  ) { backend, probes in
    var bench = OperationBench()
    let operation = try SumPerImage(
      perImage: bench.images("losses", 37, .features(1)), sums: bench.floats("sums", 1), place: 0)
    bench.add(Operation(operation))
    let program = try bench.prepare(on: backend)
    return try probes.map { probe in
      let losses = ImageLayout.pack((0..<37).map(probe.value), .features(1), batch: 37)
      try program.write(losses, to: operation.perImage)
      try program.run(.gradients, step: 0)
      return try program.floats(operation.sums)
    }
  }

  /// Rows are chunks or parts; a column per probe.
  private static let partials = OrderedSum(
    "chunks, parts", .neighbours((0..<13).map(SumTree.term))
  ) { backend, probes in
    var bench = OperationBench()
    let stride = Blocking.wholeSegments(probes.count)
    var rows = [Float](repeating: 0, count: 13 * stride)
    for row in 0..<13 {
      for (column, probe) in probes.enumerated() { rows[row * stride + column] = probe.value(row) }
    }
    let operation = try join(rows: 13, stride: stride, of: bench.floats("partials", rows.count, rows), &bench)
    bench.add(Operation(operation))
    return try bench.run(on: backend).floats(operation.gradients, count: probes.count).map { [$0] }
  }

  /// Parts of a step's figures; a slot per probe.
  private static let losses = OrderedSum(
    "losses over parts", .neighbours((0..<13).map(SumTree.term))
  ) { backend, probes in
    try inStrips(probes, of: 32) { probes in
      var bench = OperationBench()
      let sums = (0..<13).flatMap { part in probes.map { $0.value(part) } }
      let operation = try JoinLosses(
        sums: bench.floats("sums", sums.count, sums), parts: 13, scaled: probes.map { _ in false },
        table: bench.source(batch: 1).table, losses: bench.floats("losses", probes.count))
      bench.add(Operation(operation))
      return try bench.run(on: backend).floats(operation.losses).map { [$0] }
    }
  }
}

extension OrderedSum {
  /// Joins all columns of `partials`.
  static func join(
    rows: Int, stride: Int, of partials: Buffer, _ bench: inout OperationBench
  ) throws -> SumPartials {
    try SumPartials(
      partials: partials, rows: rows, stride: stride,
      segments: bench.constant("segments", (0..<UInt32(stride / Blocking.segment)).map { $0 }),
      gradients: bench.floats("gradients", stride))
  }

  /// The results for batches of `count` probes.
  static func inStrips(
    _ probes: [OrderProbe], of count: Int, _ body: ([OrderProbe]) throws -> [[Float]]
  ) rethrows -> [[Float]] {
    try stride(from: 0, to: probes.count, by: count).flatMap {
      try body(Array(probes[$0..<min($0 + count, probes.count)]))
    }
  }

  /// `count` ones.
  static func ones(_ count: Int) -> [Float] { [Float](repeating: 1, count: count) }

  /// `value(image, channel, y, x)` in PyTorch's order.
  static func values(_ batch: Int, _ shape: MapShape, _ value: (Int, Int, Int, Int) -> Float) -> [Float] {
    (0..<batch * shape.count).map { index in
      let (y, channel) = (index / shape.width, index / shape.width / shape.height)
      return value(
        channel / shape.channels, channel % shape.channels, y % shape.height, index % shape.width)
    }
  }
}
