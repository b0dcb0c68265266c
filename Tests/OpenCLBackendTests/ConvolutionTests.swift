import Numerics
import OpenCLBackend
import Programs
import TestSupport
import Testing

/// Convolutions of both kinds against the descriptors' definitions, bit by bit.
@Suite(.enabled(if: TestDevices.areWanted), .serialized)
struct ConvolutionTests {
  /// A convolution to try.
  struct Case: CustomStringConvertible {
    let convolution: Convolution
    let seed: UInt64
    /// Selects the variants to run on.
    var turn: Int { Int(seed) }
    var description: String { "\(convolution), seed \(seed)" }
  }

  static let cases: [Case] = {
    var random = TestRandom(7)
    func chosen(_ direction: Convolution.Direction, _ geometry: ConvolutionGeometry?, _ batch: Int) -> Case? {
      geometry.map { Case(convolution: Convolution(direction, $0, batch: batch), seed: UInt64(batch)) }
    }
    var cases: [Case?] = [
      // The models' own shapes, small.
      chosen(.down, try? .conv2D(input: MapShape(1, 9, 9), outputs: 8, kernel: 3, stride: 2, padding: 1), 37),
      chosen(
        .up,
        try? .convTranspose2D(
          input: MapShape(8, 5, 5), outputs: 1, kernel: 3, stride: 2, padding: 1,
          outputPadding: OutputPadding(1)), 17),
      chosen(
        .up,
        try? .convTranspose2D(
          input: MapShape(6, 3, 3), outputs: 5, kernel: 3, stride: 2, padding: 0,
          outputPadding: OutputPadding(0)), 40),
    ]
    for kernel in 1...5 {
      for stride in 1...3 {
        let padding = random.integer(0...kernel - 1)
        let shape = MapShape(random.integer(1...6), random.integer(1...8), random.integer(1...9))
        let (outputs, batch) = (random.integer(1...6), random.integer(1...40))
        cases.append(
          chosen(
            .down,
            try? .conv2D(input: shape, outputs: outputs, kernel: kernel, stride: stride, padding: padding),
            batch))
        cases.append(
          chosen(
            .up,
            try? .convTranspose2D(
              input: shape, outputs: outputs, kernel: kernel, stride: stride, padding: padding,
              outputPadding: OutputPadding(random.integer(0...stride - 1))), batch))
      }
    }
    return cases.compactMap { $0 }
  }()

  @Test(arguments: cases)
  func forward(_ c: Case) throws {
    var random = TestRandom(c.seed)
    let (convolution, g) = (c.convolution, c.convolution.geometry)
    let input = random.floats(convolution.batch * convolution.input.count)
    let weight = random.floats(g.weight.count)
    let bias = random.floats(convolution.output.channels)
    let plain = Reference.convolution(
      convolution.direction, g, batch: convolution.batch, input, weight: weight
    ) { bias[$0] }
    for (activation, function): (Activation, (Float) -> Float) in [
      (.relu, { Formulas.relu(lanes($0))[0] }), (.sigmoid, { Elementary.sigmoid($0) }),
    ] {
      var bench = OperationBench()
      let x = bench.images("input", convolution.batch, convolution.input, input)
      let w = bench.parameter("weight", g.weight, weight)
      let b = bench.parameter("bias", .bias(convolution.output.channels), bias)
      let y = bench.images("output", convolution.batch, convolution.output)
      let operation = try ConvolutionForward(
        convolution, input: x, weight: w, bias: b, output: y, activation: activation)
      try bench.runEverywhere([Operation(operation)], turn: c.turn + (activation == .relu ? 0 : 1)) {
        name, prepared in
        expectSameBits(try prepared.tensor(y), plain.map(function), "\(c) \(activation) on \(name)")
      }
    }
  }

  @Test(arguments: cases)
  func backwardInput(_ c: Case) throws {
    var random = TestRandom(c.seed)
    let (convolution, g) = (c.convolution, c.convolution.geometry)
    let gradient = random.floats(convolution.batch * convolution.output.count)
    let weight = random.floats(g.weight.count)
    let stored = random.floats(convolution.batch * convolution.input.count)
    let plain = Reference.convolution(
      convolution.direction == .down ? .up : .down, g, batch: convolution.batch, gradient, weight: weight
    ) { _ in 0 }
    for isMasked in [false, true] {
      var bench = OperationBench()
      let dy = bench.images("output gradient", convolution.batch, convolution.output, gradient)
      let w = bench.parameter("weight", g.weight, weight)
      let output = bench.images("output", convolution.batch, convolution.input, stored)
      let dx = bench.images("input gradient", convolution.batch, convolution.input)
      let operation = try ConvolutionBackwardInput(
        convolution, outputGradient: dy, weight: w, inputGradient: dx,
        mask: isMasked ? ReLUMask(output, scale: 1.25) : nil)
      let expected = isMasked ? zip(plain, stored).map { $1 > 0 ? $0 * 1.25 : 0 } : plain
      try bench.runEverywhere([Operation(operation)], turn: c.turn + (isMasked ? 0 : 1)) { name, prepared in
        expectSameBits(try prepared.tensor(dx), expected, "\(c) masked \(isMasked) on \(name)")
      }
    }
  }

  @Test(arguments: cases)
  func backwardWeight(_ c: Case) throws {
    var random = TestRandom(c.seed)
    let (convolution, g) = (c.convolution, c.convolution.geometry)
    let input = random.floats(convolution.batch * convolution.input.count)
    let gradient = random.floats(convolution.batch * convolution.output.count)
    let bias = ParameterShape.bias(convolution.output.channels)
    let biasOffset = Blocking.wholeSegments(g.weight.packedCount)
    let stride = biasOffset + Blocking.wholeSegments(bias.packedCount)
    let chunks = Blocking.chunks(convolution.batch)
    var bench = OperationBench()
    let x = bench.images("input", convolution.batch, convolution.input, input)
    let dy = bench.images("output gradient", convolution.batch, convolution.output, gradient)
    let partials = bench.floats("partials", stride * chunks)
    let operation = try ConvolutionBackwardWeight(
      convolution, input: x, outputGradient: dy, partials: partials, weightOffset: 0, biasOffset: biasOffset,
      stride: stride)
    let weights = Reference.weightGradient(convolution, input, gradient)
    let biases = Reference.biasGradient(convolution.output, batch: convolution.batch, gradient)
    var expected: [Float] = []
    for chunk in 0..<chunks {
      let packed = g.weight.pack(weights[chunk]), sums = bias.pack(biases[chunk])
      expected += packed + [Float](repeating: 0, count: biasOffset - packed.count)
      expected += sums + [Float](repeating: 0, count: stride - biasOffset - sums.count)
    }
    try bench.runEverywhere([Operation(operation)], turn: c.turn) { name, prepared in
      expectSameBits(try prepared.floats(partials), expected, "\(c) on \(name)")
    }
  }
}
