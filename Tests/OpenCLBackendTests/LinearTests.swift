import Numerics
import OpenCLBackend
import Programs
import TestSupport
import Testing

/// Linear layers against the descriptors' definitions, bit by bit.
@Suite(.enabled(if: TestDevices.areWanted), .serialized)
struct LinearTests {
  /// Images, inputs, outputs.
  static let cases: [(Int, Int, Int)] = [
    (1, 1, 1), (3, 7, 5), (16, 12, 4), (37, 30, 10), (40, 5, 23), (150, 29, 18),
  ]

  @Test(arguments: cases)
  func everything(_ batch: Int, _ inputs: Int, _ outputs: Int) throws {
    var random = TestRandom(UInt64(batch))
    let x = random.floats(batch * inputs), w = random.floats(outputs * inputs), b = random.floats(outputs)
    let dy = random.floats(batch * outputs), mask = random.floats(batch * inputs)
    let before = random.floats(batch * inputs)
    var bench = OperationBench()
    let input = bench.images("input", batch, .features(inputs), x)
    let weight = bench.parameter("weight", .linear(outputs: outputs, inputs: inputs), w)
    let bias = bench.parameter("bias", .bias(outputs), b)
    let output = bench.images("output", batch, .features(outputs))
    let gradient = bench.images("output gradient", batch, .features(outputs), dy)
    let stored = bench.images("stored", batch, .features(inputs), mask)
    let masked = bench.images("masked", batch, .features(inputs))
    let added = bench.images("added", batch, .features(inputs), before)
    let weightGradient = bench.parameter("dw", .linear(outputs: outputs, inputs: inputs))
    let biasGradient = bench.parameter("db", .bias(outputs))

    func product(_ n: Int, _ o: Int) -> Float {
      var sum = b[o]
      for i in 0..<inputs { sum = fma(x[n * inputs + i], w[o * inputs + i], sum) }
      return Formulas.relu(lanes(sum + 0))[0]
    }
    func back(_ n: Int, _ i: Int, _ start: Float) -> Float {
      var sum = start
      for o in 0..<outputs { sum = fma(dy[n * outputs + o], w[o * inputs + i], sum) }
      return sum + 0
    }
    let places = (0..<batch * inputs).map { ($0 / inputs, $0 % inputs) }
    let expectedMasked = places.map { n, i in mask[n * inputs + i] > 0 ? back(n, i, 0) * 1.5 : 0 }
    let expectedAdded = places.map { n, i in back(n, i, before[n * inputs + i]) }
    let expectedWeight = (0..<outputs * inputs).map { place in
      Reference.lanes(nil, batch, pixels: 1) { n, _, sum in
        fma(x[n * inputs + place % inputs], dy[n * outputs + place / inputs], sum)
      } + 0
    }
    let expectedBias = (0..<outputs).map { o in
      Reference.lanes(nil, batch, pixels: 1) { n, _, sum in sum + dy[n * outputs + o] } + 0
    }
    let operations: [Programs.Operation] = [
      Operation(
        try LinearForward(input: input, weight: weight, bias: bias, output: output, activation: .relu)),
      Operation(
        try LinearBackwardInput(
          outputGradient: gradient, weight: weight, inputGradient: masked, mask: ReLUMask(stored, scale: 1.5))
      ),
      Operation(
        try LinearBackwardInput(
          outputGradient: gradient, weight: weight, inputGradient: added, mask: nil, accumulate: true)),
      Operation(
        try LinearBackwardWeight(
          input: input, outputGradient: gradient, weightGradient: weightGradient, biasGradient: biasGradient)),
    ]
    let expectedOutput = (0..<batch * outputs).map { product($0 / outputs, $0 % outputs) }
    try bench.runEverywhere(operations) { name, prepared in
      expectSameBits(try prepared.tensor(output), expectedOutput, "forward on \(name)")
      expectSameBits(try prepared.tensor(masked), expectedMasked, "masked gradient on \(name)")
      expectSameBits(try prepared.tensor(added), expectedAdded, "added gradient on \(name)")
      expectSameBits(try prepared.tensor(weightGradient), expectedWeight, "weight gradient on \(name)")
      expectSameBits(try prepared.tensor(biasGradient), expectedBias, "bias gradient on \(name)")
    }
  }
}
