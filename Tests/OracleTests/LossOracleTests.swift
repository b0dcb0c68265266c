import Numerics
import Programs
import TestSupport
import Testing

/// Losses and posterior operations against PyTorch in double.
@Suite struct LossOracleTests {
  @Test("there are cases of every kind")
  func cases() {
    #expect(OperationGolden.cases("mse").count == 3)
    #expect(OperationGolden.cases("bce_with_logits").count == 3)
    #expect(OperationGolden.cases("cross_entropy").count == 3)
    #expect(OperationGolden.cases("kl").count == 2)
    #expect(OperationGolden.cases("reparameterize").count == 2)
  }

  @Test("reconstruction losses", arguments: TestDevice.all, OperationGolden.cases("mse", "bce_with_logits"))
  func reconstruction(_ device: TestDevice, _ golden: OperationGolden) throws {
    let t = try golden.tensors()
    let (batch, shape) = try t.images("input")
    let isSquared = golden.about.op == "mse"
    let scale = 1 / Double(isSquared ? batch * shape.count : batch)

    var bench = OperationBench()
    let source = bench.source(batch: batch, lossScale: scale, gradientScale: isSquared ? 2 * scale : scale)
    let gradient = bench.images("gradient", batch, shape)
    let loss = ReconstructionLoss(
      prediction: bench.images("prediction", batch, shape, try t("input")),
      target: bench.images("target", batch, shape, try t("target")),
      perImage: bench.images("per image", batch, .features(1)), gradient: gradient, activation: .identity,
      source: source)
    bench.add(
      isSquared
        ? Operation(try MeanSquaredError(loss)) : Operation(try BinaryCrossEntropy(loss)))
    let result = try bench.sum(loss.perImage, source)

    let prepared = try bench.run(on: device.backend)
    try golden.expect(result, "output", prepared)
    try golden.expect(gradient, "input_gradient", prepared)
  }

  @Test("cross-entropy", arguments: TestDevice.all, OperationGolden.cases("cross_entropy"))
  func crossEntropy(_ device: TestDevice, _ golden: OperationGolden) throws {
    let t = try golden.tensors()
    let (batch, shape) = try t.images("input")
    let labels = try t.golden.bytes("\(golden.name).labels")
    let logits = try t("input")

    var bench = OperationBench()
    let source = bench.source(batch: batch, lossScale: 1 / Double(batch), gradientScale: 1 / Double(batch))
    let perImage = bench.images("per image", batch, .features(1))
    let correct = bench.images("correct", batch, .features(1))
    let gradient = bench.images("gradient", batch, shape)
    bench.add(
      Operation(
        try CrossEntropy(
          logits: bench.images("logits", batch, shape, logits), labels: bench.bytes("labels", labels),
          source: source, perImage: perImage, correct: correct, gradient: gradient)))
    let result = try bench.sum(perImage, source)

    let prepared = try bench.run(on: device.backend)
    try golden.expect(result, "output", prepared)
    try golden.expect(gradient, "input_gradient", prepared)
    let found: [Float] = (0..<batch).map { n in
      let row = logits[n * shape.channels..<(n + 1) * shape.channels]
      return row.firstIndex(of: row.max()!)! - row.startIndex == Int(labels[n]) ? 1 : 0
    }
    #expect(try prepared.tensor(correct) == found)
  }

  @Test("KL divergence", arguments: TestDevice.all, OperationGolden.cases("kl"))
  func divergence(_ device: TestDevice, _ golden: OperationGolden) throws {
    let t = try golden.tensors()
    let (batch, shape) = try t.images("mu")

    var bench = OperationBench()
    let source = bench.source(batch: batch, lossScale: 1 / Double(batch), gradientScale: 1 / Double(batch))
    let mean = bench.images("mu", batch, shape, try t("mu"))
    let logVariance = bench.images("logvar", batch, shape, try t("logvar"))
    let divergence = bench.images("kl", batch, .features(1))
    bench.add(
      Operation(
        try KLDivergence(
          mean: mean, logVariance: logVariance, reconstruction: bench.images("zeros", batch, .features(1)),
          divergence: divergence, total: bench.images("total", batch, .features(1)), source: source)))
    let result = try bench.sum(divergence, source)
    // The gradient of the divergence alone: nothing comes from the decoder.
    let (dmu, dlogvar) = (bench.images("dmu", batch, shape), bench.images("dlogvar", batch, shape))
    let forward = try ReparameterizeForward(
      mean: mean, logVariance: logVariance, output: bench.images("z", batch, shape), source: source,
      random: RandomSource(seed: 1, stream: 1))
    bench.add(
      Operation(
        try ReparameterizeBackward(
          forward, outputGradient: bench.images("dz", batch, shape), meanGradient: dmu,
          logVarianceGradient: dlogvar)))

    let prepared = try bench.run(on: device.backend)
    try golden.expect(result, "output", prepared)
    try golden.expect(dmu, "mu_gradient", prepared)
    try golden.expect(dlogvar, "logvar_gradient", prepared)
  }

  /// The goldens' ε are consecutive draws of one sample, so the whole tensor stands in for one image.
  @Test("reparameterization", arguments: TestDevice.all, OperationGolden.cases("reparameterize"))
  func reparameterization(_ device: TestDevice, _ golden: OperationGolden) throws {
    let t = try golden.tensors()
    let epsilon = try t("epsilon")
    let shape = MapShape.features(epsilon.count)
    let (seed, stream): (UInt64, UInt32) = (20_261_122, 906)
    let sample = try #require(
      (0..<UInt32(1000)).first { sample in
        let words = Philox4x32.words(key: seed, counter: SIMD4(stream, 0, sample, 0))
        let (even, odd) = RandomVariates.normalPair(words[0], words[1])
        return abs(even - epsilon[0]) < 1e-5 && abs(odd - epsilon[1]) < 1e-5
      })

    var bench = OperationBench()
    let source = bench.source(batch: 1, samples: [sample], klWeight: 0)
    let output = bench.images("z", 1, shape)
    let forward = try ReparameterizeForward(
      mean: bench.images("mu", 1, shape, try t("mu")),
      logVariance: bench.images("logvar", 1, shape, try t("logvar")), output: output, source: source,
      random: RandomSource(seed: seed, stream: stream))
    let (dmu, dlogvar) = (bench.images("dmu", 1, shape), bench.images("dlogvar", 1, shape))
    bench.add(Operation(forward))
    bench.add(
      Operation(
        try ReparameterizeBackward(
          forward, outputGradient: bench.images("dz", 1, shape, try t("output_gradient")), meanGradient: dmu,
          logVarianceGradient: dlogvar)))

    let prepared = try bench.run(on: device.backend)
    try golden.expect(output, "output", prepared)
    try golden.expect(dmu, "mu_gradient", prepared)
    try golden.expect(dlogvar, "logvar_gradient", prepared)
  }
}
