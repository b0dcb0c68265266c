import Numerics
import OpenCLBackend
import Programs
import TestSupport
import Testing

/// A part of a batch in the second of three steps: images from 5 on of rows of 30, some of them absent.
struct TestBatch {
  static let (batch, rowLength, firstImage, step, there) = (21, 30, 5, 1, 17)
  static let scales: (loss: Float, gradient: Float, klWeight: Float) = (0.037, 0.21, 0.7)
  let samples: [UInt32]
  let epoch: UInt32 = 9
  var source: BatchSource

  init(_ bench: inout OperationBench, samplesOf count: Int) {
    var random = TestRandom(5)
    var indices = (0..<3 * Self.rowLength).map { _ in UInt32(random.integer(0...count - 1)) }
    let start = Self.rowLength * Self.step + Self.firstImage
    for n in Self.there..<Self.rowLength - Self.firstImage { indices[start + n] = BatchSource.absent }
    samples = Array(indices[start..<start + Self.there])
    var table = StepTable(steps: 3)
    table[Self.step, .epoch] = epoch
    table[Self.step, .images] = UInt32(Self.firstImage + Self.there)
    table.set(Self.step, .lossScale, Self.scales.loss)
    table.set(Self.step, .gradientScale, Self.scales.gradient)
    table.set(Self.step, .klWeight, Self.scales.klWeight)
    table.set(Self.step, .klGradientScale, Self.scales.klWeight * Self.scales.gradient)
    source = BatchSource(
      table: bench.words("table", table.words), indices: bench.words("indices", indices),
      rowLength: Self.rowLength, firstImage: Self.firstImage)
  }
}

/// Element-wise operations and losses against the table of formulas, bit by bit.
@Suite(.enabled(if: TestDevices.areWanted), .serialized)
struct ElementTests {
  static let shape = MapShape(3, 2, 5)
  private let batch = TestBatch.batch
  private let there = TestBatch.there

  /// The values of present images.
  private func present(_ values: [Float], _ shape: MapShape) -> [Float] {
    Array(values[..<(there * shape.count)])
  }

  @Test func gatherNoiseAndDropout() throws {
    var random = TestRandom(1)
    var bench = OperationBench()
    let (shape, images) = (Self.shape, 40)
    let bytes = (0..<images * shape.count).map { _ in UInt8(random.integer(0...255)) }
    let dataset = bench.bytes("dataset", bytes)
    let test = TestBatch(&bench, samplesOf: images)
    let gathered = bench.images("gathered", batch, shape)
    let noisy = bench.images("noisy", batch, shape)
    let dropped = bench.images("dropped", batch, shape)
    let back = bench.images("back", batch, shape)
    let source = RandomSource(seed: 0xfeed_0123_4567, stream: 0x403)
    let dropout = try DropoutForward(
      input: gathered, output: dropped, source: test.source, random: source, probability: 0.3)
    let operations: [Programs.Operation] = [
      Operation(try GatherImages(dataset: dataset, source: test.source, output: gathered)),
      Operation(
        try AddNoise(input: gathered, output: noisy, source: test.source, random: source, factor: 0.4)),
      Operation(dropout),
      Operation(try DropoutBackward(dropout, outputGradient: noisy, inputGradient: back)),
    ]
    let places = test.samples.flatMap { sample in (0..<shape.count).map { (sample, $0) } }
    let pixels = places.map { Float(bytes[Int($0) * shape.count + $1]) / 255 }
    let noise = places.map { Reference.normal(source, epoch: test.epoch, sample: $0, $1) }
    let uniform = places.map { Reference.uniform(source, epoch: test.epoch, sample: $0, $1) }
    let expectedNoisy = zip(pixels, noise).map { Formulas.addNoise(lanes($0), lanes($1), level: 0.4)[0] }
    func drop(_ values: [Float]) -> [Float] {
      zip(values, uniform).map { x, u in
        Formulas.dropout(lanes(x), lanes(u), keep: dropout.keep, scale: dropout.scale)[0]
      }
    }
    try bench.runEverywhere(operations, step: TestBatch.step) { name, prepared in
      let all = try prepared.tensor(gathered)
      expectSameBits(present(all, shape), pixels, "gather on \(name)")
      #expect(all[(there * shape.count)...].allSatisfy { $0 == 0 }, "absent images on \(name)")
      expectSameBits(present(try prepared.tensor(noisy), shape), expectedNoisy, "noise on \(name)")
      expectSameBits(present(try prepared.tensor(dropped), shape), drop(pixels), "dropout on \(name)")
      expectSameBits(present(try prepared.tensor(back), shape), drop(expectedNoisy), "back on \(name)")
    }
  }

  @Test(arguments: Activation.allCases)
  func activations(_ activation: Activation) throws {
    var random = TestRandom(2)
    var bench = OperationBench()
    let count = batch * Self.shape.count
    let x = random.floats(count).map { $0 * 8 }, g = random.floats(count)
    let input = bench.images("input", batch, Self.shape, x)
    let gradient = bench.images("gradient", batch, Self.shape, g)
    let output = bench.images("output", batch, Self.shape)
    let back = bench.images("back", batch, Self.shape)
    let flat = bench.images("flat", batch, .features(Self.shape.count))
    let unflat = bench.images("unflat", batch, Self.shape)
    let y = x.map { x in
      switch activation {
      case .identity: x
      case .relu: Formulas.relu(lanes(x))[0]
      case .sigmoid: Elementary.sigmoid(x)
      case .tanh: Elementary.tanh(lanes(x))[0]
      case .softplus: Elementary.softplus(lanes(x))[0]
      }
    }
    let slope = zip(g, y).map { g, y in
      switch activation {
      case .identity: g
      case .relu: Formulas.reluGradient(lanes(g), result: lanes(y))[0]
      case .sigmoid: Formulas.sigmoidGradient(lanes(g), result: lanes(y))[0]
      case .tanh: Formulas.tanhGradient(lanes(g), result: lanes(y))[0]
      case .softplus: Formulas.softplusGradient(lanes(g), result: lanes(y))[0]
      }
    }
    let operations: [Programs.Operation] = [
      Operation(try ActivationForward(input: input, output: output, activation: activation)),
      Operation(
        try ActivationBackward(
          output: output, outputGradient: gradient, inputGradient: back, activation: activation)),
      Operation(try Flatten(input: output, output: flat)),
      Operation(try Unflatten(input: flat, output: unflat)),
    ]
    try bench.runEverywhere(operations) { name, prepared in
      expectSameBits(try prepared.tensor(output), y, "\(activation) on \(name)")
      expectSameBits(try prepared.tensor(back), slope, "gradient of \(activation) on \(name)")
      expectSameBits(try prepared.tensor(flat), y, "flatten on \(name)")
      expectSameBits(try prepared.tensor(unflat), y, "unflatten on \(name)")
    }
  }

  @Test(arguments: [Activation.identity, .sigmoid])
  func reconstructionLosses(_ activation: Activation) throws {
    var random = TestRandom(3)
    var bench = OperationBench()
    let (shape, scale) = (Self.shape, TestBatch.scales.gradient)
    let p = random.floats(batch * shape.count), t = random.floats(batch * shape.count).map(Elementary.sigmoid)
    let test = TestBatch(&bench, samplesOf: 10)
    let prediction = bench.images("prediction", batch, shape, p)
    let target = bench.images("target", batch, shape, t)
    let results = (0..<2).map { bench.images("loss \($0)", batch, .features(1)) }
    let gradients = (0..<2).map { bench.images("gradient \($0)", batch, shape) }
    let mse = try MeanSquaredError(
      ReconstructionLoss(
        prediction: prediction, target: target, perImage: results[0], gradient: gradients[0],
        activation: activation, source: test.source))
    let bce = try BinaryCrossEntropy(
      ReconstructionLoss(
        prediction: prediction, target: target, perImage: results[1], gradient: gradients[1],
        activation: .identity, source: test.source))
    var losses = [[Float](repeating: 0, count: batch), [Float](repeating: 0, count: batch)]
    var slopes = [[Float](repeating: 0, count: p.count), [Float](repeating: 0, count: p.count)]
    for n in 0..<there {
      for e in n * shape.count..<(n + 1) * shape.count {
        let (p, t) = (lanes(p[e]), lanes(t[e]))
        losses[0][n] = Formulas.squaredError(p, t, addedTo: lanes(losses[0][n]))[0]
        losses[1][n] += Formulas.binaryCrossEntropy(p, t)[0]
        let slope = Formulas.squaredErrorGradient(p, t, scale: scale)
        slopes[0][e] = (activation == .sigmoid ? Formulas.sigmoidGradient(slope, result: p) : slope)[0]
        slopes[1][e] = Formulas.binaryCrossEntropyGradient(p, t, scale: scale)[0]
      }
    }
    try bench.runEverywhere([Operation(mse), Operation(bce)], step: TestBatch.step) {
      name, prepared in
      for i in 0..<2 {
        expectSameBits(try prepared.tensor(results[i]), losses[i], "loss \(i) on \(name)")
        expectSameBits(try prepared.tensor(gradients[i]), slopes[i], "gradient \(i) on \(name)")
      }
    }
  }

  @Test func crossEntropy() throws {
    var random = TestRandom(4)
    var bench = OperationBench()
    let classes = 7
    var x = random.floats(batch * classes)
    // A tie for the largest: the lower index wins.
    (x[1], x[4]) = (5, 5)
    let classOf = (0..<40).map { _ in UInt8(random.integer(0...classes - 1)) }
    let labels = bench.bytes("labels", classOf)
    let test = TestBatch(&bench, samplesOf: classOf.count)
    let logits = bench.images("logits", batch, .features(classes), x)
    let loss = bench.images("loss", batch, .features(1))
    let correct = bench.images("correct", batch, .features(1))
    let gradient = bench.images("gradient", batch, .features(classes))
    let operation = try CrossEntropy(
      logits: logits, labels: labels, source: test.source, perImage: loss, correct: correct,
      gradient: gradient)
    var losses = [Float](repeating: 0, count: batch), hits = losses
    var slopes = [Float](repeating: 0, count: x.count)
    for n in 0..<there {
      let row = Array(x[n * classes..<(n + 1) * classes]), label = Int(classOf[Int(test.samples[n])])
      var best = 0
      for i in 1..<classes where row[i] > row[best] { best = i }
      let sum = row.reduce(Float(0)) { $0 + Elementary.exp($1 - row[best]) }
      let (maximum, total) = (lanes(row[best]), lanes(sum))
      losses[n] = Formulas.crossEntropy(logit: lanes(row[label]), maximum: maximum, sum: total)[0]
      hits[n] = best == label ? 1 : 0
      for i in 0..<classes {
        let softmax = Formulas.softmax(logit: lanes(row[i]), maximum: maximum, sum: total)
        slopes[n * classes + i] =
          Formulas.crossEntropyGradient(
            softmax, target: lanes(i == label ? 1 : 0), scale: TestBatch.scales.gradient)[0]
      }
    }
    try bench.runEverywhere([Operation(operation)], step: TestBatch.step) {
      name, prepared in
      expectSameBits(try prepared.tensor(loss), losses, "loss on \(name)")
      expectSameBits(try prepared.tensor(correct), hits, "correct on \(name)")
      expectSameBits(try prepared.tensor(gradient), slopes, "gradient on \(name)")
    }
  }

  @Test func reparameterize() throws {
    var random = TestRandom(6)
    var bench = OperationBench()
    let latent = MapShape.features(6)
    let m = random.floats(batch * 6), v = random.floats(batch * 6), g = random.floats(batch * 6)
    let r = random.floats(batch)
    let test = TestBatch(&bench, samplesOf: 1000)
    let mean = bench.images("mean", batch, latent, m)
    let logVariance = bench.images("log variance", batch, latent, v)
    let dz = bench.images("dz", batch, latent, g)
    let reconstruction = bench.images("reconstruction", batch, .features(1), r)
    let outputs = ["z", "dmean", "dlogvar"].map { bench.images($0, batch, latent) }
    let sums = ["divergence", "total"].map { bench.images($0, batch, .features(1)) }
    let forward = try ReparameterizeForward(
      mean: mean, logVariance: logVariance, output: outputs[0], source: test.source,
      random: RandomSource(seed: 77, stream: 0x600))
    let backward = try ReparameterizeBackward(
      forward, outputGradient: dz, meanGradient: outputs[1], logVarianceGradient: outputs[2])
    let divergence = try KLDivergence(
      mean: mean, logVariance: logVariance, reconstruction: reconstruction, divergence: sums[0],
      total: sums[1],
      source: test.source)
    let scale = TestBatch.scales.klWeight * TestBatch.scales.gradient
    var z: [Float] = [], dm = [Float](repeating: 0, count: m.count), dv = dm
    var kl = [Float](repeating: 0, count: batch), total = kl
    for n in 0..<there {
      for i in 0..<6 {
        let e = 6 * n + i
        let normal = Reference.normal(forward.random, epoch: test.epoch, sample: test.samples[n], i)
        let (g, m, v, noise) = (lanes(g[e]), lanes(m[e]), lanes(v[e]), lanes(normal))
        z.append(Formulas.reparameterize(mean: m, logVariance: v, noise: noise)[0])
        dm[e] = Formulas.meanGradient(g, mean: m, scale: scale)[0]
        dv[e] = Formulas.logVarianceGradient(g, logVariance: v, noise: noise, scale: scale)[0]
        kl[n] = Formulas.divergence(mean: m, logVariance: v, addedTo: lanes(kl[n]))[0]
      }
      kl[n] += 0
      total[n] = fma(TestBatch.scales.klWeight, kl[n], r[n])
    }
    let operations: [Programs.Operation] = [
      Operation(forward), Operation(backward), Operation(divergence),
    ]
    try bench.runEverywhere(operations, step: TestBatch.step) { name, prepared in
      expectSameBits(present(try prepared.tensor(outputs[0]), latent), z, "z on \(name)")
      expectSameBits(try prepared.tensor(outputs[1]), dm, "gradient of the mean on \(name)")
      expectSameBits(try prepared.tensor(outputs[2]), dv, "gradient of the log variance on \(name)")
      expectSameBits(try prepared.tensor(sums[0]), kl, "divergence on \(name)")
      expectSameBits(try prepared.tensor(sums[1]), total, "total on \(name)")
    }
  }
}
