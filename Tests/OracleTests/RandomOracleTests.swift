import Numerics
import Programs
import TestSupport
import Testing

/// Philox and the random numbers derived from it, against NumPy.
@Suite struct RandomOracleTests {
  let golden: Golden
  let random: RandomSource
  let epoch: UInt32
  let samples: [UInt32]
  let count: Int

  init() throws {
    golden = try Golden("philox")
    random = RandomSource(seed: try golden.json("seed"), stream: try golden.json("stream"))
    epoch = try golden.json("epoch")
    samples = try golden.json("samples")
    count = try golden.shape("uniform")[1]
  }

  /// Every word of the file, sample by sample.
  private func words() -> [UInt32] {
    samples.flatMap { sample in
      (0..<count).map { element in
        let counter = SIMD4(random.stream, epoch, sample, UInt32(element / 4))
        return Philox4x32.words(key: random.seed, counter: counter)[element % 4]
      }
    }
  }

  @Test("words and uniform numbers, to the bit")
  func exact() throws {
    #expect(words().withUnsafeBytes { Array($0) } == (try golden.bytes("words")))
    #expect(words().map { RandomVariates.uniform($0) } == (try golden.floats("uniform")))
  }

  @Test("normal numbers are noise on black images", arguments: TestDevice.all)
  func normal(_ device: TestDevice) throws {
    let shape = MapShape(3, 7, 1)
    #expect(shape.count == count)
    var bench = OperationBench()
    let output = bench.images("noise", samples.count, shape)
    bench.add(
      Operation(
        try AddNoise(
          input: bench.images("black", samples.count, shape), output: output,
          source: bench.source(batch: samples.count, epoch: epoch, samples: samples), random: random,
          factor: 1)))
    let got = try bench.run(on: device.backend).tensor(output)
    #expect(relativeError(got, try golden.floats("normal")) <= 1e-6)
    #expect(absoluteError(got, try golden.floats("normal")) <= 2e-6)
  }

  @Test("uniform numbers decide what dropout drops", arguments: TestDevice.all, [0.1, 0.25, 0.5, 0.9])
  func uniform(_ device: TestDevice, _ probability: Double) throws {
    let shape = MapShape(1, 3, 7)
    var bench = OperationBench()
    let output = bench.images("kept", samples.count, shape)
    let ones = [Float](repeating: 1, count: samples.count * count)
    bench.add(
      Operation(
        try DropoutForward(
          input: bench.images("ones", samples.count, shape, ones), output: output,
          source: bench.source(batch: samples.count, epoch: epoch, samples: samples), random: random,
          probability: probability)))
    let scale = Float(1 / (1 - probability))
    let expected = try golden.floats("uniform").map { $0 < Float(1 - probability) ? scale : 0 }
    #expect(try bench.run(on: device.backend).tensor(output) == expected)
  }
}
