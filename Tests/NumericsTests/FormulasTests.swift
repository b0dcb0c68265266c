import Foundation
import Numerics
import Testing

/// Formulas of up to three numbers, alone and in eight lanes: one table, so that no pair can drift apart.
private struct Pair: Sendable, CustomStringConvertible {
  let description: String
  let alone: @Sendable (Float, Float, Float) -> Float
  let lanes: @Sendable (Lanes, Lanes, Lanes) -> Lanes
}

private let rms = RMSpropScalars(learningRate: 1e-3, decay: 0.99, epsilon: 1e-8)
private let adam = AdamScalars(
  stepSize: 3.7e-3, rootCorrection: 0.055, beta1: 0.9, beta2: 0.999, epsilon: 1e-8)
private let sgd = SGDScalars(learningRate: 0.1, momentum: 0.9)

private let pairs: [Pair] = [
  Pair(
    description: "addNoise", alone: { x, n, _ in Formulas.addNoise(x, n, level: 0.3) },
    lanes: { x, n, _ in Formulas.addNoise(x, n, level: 0.3) }),
  Pair(
    description: "initialWeight", alone: { u, _, _ in Formulas.initialWeight(u, bound: 0.1) },
    lanes: { u, _, _ in Formulas.initialWeight(u, bound: 0.1) }),
  Pair(
    description: "relu", alone: { x, _, _ in Formulas.relu(x) }, lanes: { x, _, _ in Formulas.relu(x) }),
  Pair(
    description: "reluGradient", alone: { g, y, _ in Formulas.reluGradient(g, result: y) },
    lanes: { g, y, _ in Formulas.reluGradient(g, result: y) }),
  Pair(
    description: "sigmoidGradient", alone: { g, y, _ in Formulas.sigmoidGradient(g, result: y) },
    lanes: { g, y, _ in Formulas.sigmoidGradient(g, result: y) }),
  Pair(
    description: "tanhGradient", alone: { g, y, _ in Formulas.tanhGradient(g, result: y) },
    lanes: { g, y, _ in Formulas.tanhGradient(g, result: y) }),
  Pair(
    description: "dropout", alone: { x, u, _ in Formulas.dropout(x, u, keep: 0.75, scale: 4 / 3) },
    lanes: { x, u, _ in Formulas.dropout(x, u, keep: 0.75, scale: 4 / 3) }),
  Pair(
    description: "squaredError", alone: { p, t, s in Formulas.squaredError(p, t, addedTo: s) },
    lanes: { p, t, s in Formulas.squaredError(p, t, addedTo: s) }),
  Pair(
    description: "squaredErrorGradient",
    alone: { p, t, _ in Formulas.squaredErrorGradient(p, t, scale: 0.7) },
    lanes: { p, t, _ in Formulas.squaredErrorGradient(p, t, scale: 0.7) }),
  Pair(
    description: "binaryCrossEntropy", alone: { x, t, _ in Formulas.binaryCrossEntropy(x, t) },
    lanes: { x, t, _ in Formulas.binaryCrossEntropy(x, t) }),
  Pair(
    description: "binaryCrossEntropyGradient",
    alone: { x, t, _ in Formulas.binaryCrossEntropyGradient(x, t, scale: 0.7) },
    lanes: { x, t, _ in Formulas.binaryCrossEntropyGradient(x, t, scale: 0.7) }),
  Pair(
    description: "crossEntropy", alone: { x, m, s in Formulas.crossEntropy(logit: x, maximum: m, sum: s) },
    lanes: { x, m, s in Formulas.crossEntropy(logit: x, maximum: m, sum: s) }),
  Pair(
    description: "softmax", alone: { x, m, s in Formulas.softmax(logit: x, maximum: m, sum: s) },
    lanes: { x, m, s in Formulas.softmax(logit: x, maximum: m, sum: s) }),
  Pair(
    description: "crossEntropyGradient",
    alone: { p, t, _ in Formulas.crossEntropyGradient(p, target: t, scale: 0.7) },
    lanes: { p, t, _ in Formulas.crossEntropyGradient(p, target: t, scale: 0.7) }),
  Pair(
    description: "divergence", alone: { m, v, s in Formulas.divergence(mean: m, logVariance: v, addedTo: s) },
    lanes: { m, v, s in Formulas.divergence(mean: m, logVariance: v, addedTo: s) }),
  Pair(
    description: "reparameterise",
    alone: { m, v, e in Formulas.reparameterise(mean: m, logVariance: v, noise: e) },
    lanes: { m, v, e in Formulas.reparameterise(mean: m, logVariance: v, noise: e) }),
  Pair(
    description: "meanGradient", alone: { g, m, _ in Formulas.meanGradient(g, mean: m, scale: 0.7) },
    lanes: { g, m, _ in Formulas.meanGradient(g, mean: m, scale: 0.7) }),
  Pair(
    description: "logVarianceGradient",
    alone: { g, v, e in Formulas.logVarianceGradient(g, logVariance: v, noise: e, scale: 0.7) },
    lanes: { g, v, e in Formulas.logVarianceGradient(g, logVariance: v, noise: e, scale: 0.7) }),
  Pair(
    description: "l2 and clip",
    alone: { g, p, _ in Formulas.l2(Formulas.clip(g, coefficient: 0.3), parameter: p, decay: 1e-2) },
    lanes: { g, p, _ in Formulas.l2(Formulas.clip(g, coefficient: 0.3), parameter: p, decay: 1e-2) }),
  Pair(
    description: "sgd",
    alone: { p, g, _ in
      var p = p
      Formulas.sgd(&p, gradient: g, sgd)
      return p
    },
    lanes: { p, g, _ in
      var p = p
      Formulas.sgd(&p, gradient: g, sgd)
      return p
    }),
  Pair(
    description: "momentum",
    alone: { p, g, b in
      var (p, b) = (p, b)
      Formulas.momentum(&p, buffer: &b, gradient: g, nesterov: false, sgd)
      Formulas.momentum(&p, buffer: &b, gradient: g, nesterov: true, sgd)
      return p
    },
    lanes: { p, g, b in
      var (p, b) = (p, b)
      Formulas.momentum(&p, buffer: &b, gradient: g, nesterov: false, sgd)
      Formulas.momentum(&p, buffer: &b, gradient: g, nesterov: true, sgd)
      return p
    }),
  Pair(
    description: "rmsprop",
    alone: { p, g, v in
      var (p, v) = (p, v.magnitude)
      Formulas.rmsprop(&p, square: &v, gradient: g, rms)
      return p
    },
    lanes: { p, g, v in
      var (p, v) = (p, v.magnitudes)
      Formulas.rmsprop(&p, square: &v, gradient: g, rms)
      return p
    }),
  Pair(
    description: "decoupledDecay and adam",
    alone: { p, g, m in
      var (p, m, v) = (Formulas.decoupledDecay(p, factor: 0.999), m, m.magnitude)
      Formulas.adam(&p, mean: &m, square: &v, gradient: g, adam)
      return p + m + v
    },
    lanes: { p, g, m in
      var (p, m, v) = (Formulas.decoupledDecay(p, factor: 0.999), m, m.magnitudes)
      Formulas.adam(&p, mean: &m, square: &v, gradient: g, adam)
      return p + m + v
    }),
]

@Suite("Formulas")
struct FormulasTests {
  @Test("a formula gives the same bits alone and in eight lanes", arguments: pairs.indices)
  func aloneEqualsLanes(_ index: Int) {
    let pair = pairs[index]
    var words = Words(seed: UInt64(index))
    for _ in 0..<300 {
      let (a, b, c) = (words.wideLanes(-9, 5), words.wideLanes(-9, 5), words.wideLanes(-140, 5))
      let all = pair.lanes(a, b, c)
      for lane in 0..<8 {
        let one = pair.alone(a[lane], b[lane], c[lane])
        #expect(
          same(one, all[lane]),
          "\(pair)(\(a[lane]), \(b[lane]), \(c[lane])): alone \(show(one)), in a lane \(show(all[lane]))")
      }
    }
  }

  @Test("a byte becomes the nearest float of x / 255")
  func bytes() {
    for byte in UInt8.min...UInt8.max {
      let expected = Float(Double(byte) / 255)
      #expect(same(Formulas.byteToFloat(byte), expected))
      #expect(same(Formulas.byteToFloat(SIMD8<Int32>(repeating: Int32(byte)))[6], expected))
    }
  }

  @Test("gradients against central differences in double")
  func gradients() {
    func slope(_ f: (Double) -> Double, _ x: Double) -> Double { (f(x + 1e-5) - f(x - 1e-5)) / 2e-5 }
    for step in -30...30 {
      let x = Float(step) * 0.13 + 0.01
      let d = Double(x)
      let sigmoid = Elementary.sigmoid(x)
      let checks: [(String, Float, Double)] = [
        ("sigmoid", Formulas.sigmoidGradient(1, result: sigmoid), slope({ 1 / (1 + exp(-$0)) }, d)),
        ("tanh", Formulas.tanhGradient(1, result: Elementary.tanh(x)), slope({ tanh($0) }, d)),
        ("mse", Formulas.squaredErrorGradient(x, 0.3, scale: 2), slope({ ($0 - 0.3) * ($0 - 0.3) }, d)),
        (
          "bce", Formulas.binaryCrossEntropyGradient(x, 0.3, scale: 1),
          slope({ max($0, 0) - $0 * 0.3 + log1p(exp(-abs($0))) }, d)
        ),
        (
          "logvar", Formulas.logVarianceGradient(0.7, logVariance: x, noise: 1.1, scale: 0.25),
          slope({ 0.7 * 1.1 * exp(0.5 * $0) - 0.25 * 0.5 * (1 + $0 - exp($0)) }, d)
        ),
        (
          "mean", Formulas.meanGradient(0.7, mean: x, scale: 0.25),
          slope({ 0.7 * $0 + 0.25 * 0.5 * $0 * $0 }, d)
        ),
      ]
      for (name, gradient, expected) in checks {
        #expect(abs(Double(gradient) - expected) < 2e-6 * (1 + abs(expected)), "\(name) at \(x)")
      }
    }
  }

  @Test("binary cross-entropy stays exact where the plain formula overflows")
  func stableCrossEntropy() {
    #expect(Formulas.binaryCrossEntropy(Float(1_000), 1) == 0)
    #expect(Formulas.binaryCrossEntropy(Float(-1_000), 1) == 1_000)
    #expect(Formulas.binaryCrossEntropy(Float(0), 0.5) == Elementary.log(Float(2)))
    #expect(abs(Formulas.binaryCrossEntropy(Float(20), 1) - 2.0611537e-9) < 1e-15)
  }

  @Test("Adam against PyTorch's formula in double")
  func adamTrajectory() {
    var (p, m, v): (Float, Float, Float) = (0.5, 0, 0)
    var (pd, md, vd) = (0.5, 0.0, 0.0)
    for step in 1...50 {
      let gradient = sin(Double(step))
      let (first, second) = (1 - pow(0.9, Double(step)), 1 - pow(0.999, Double(step)))
      let scalars = AdamScalars(
        stepSize: Float(1e-2 / first), rootCorrection: Float(second.squareRoot()), beta1: 0.9, beta2: 0.999,
        epsilon: 1e-8)
      Formulas.adam(&p, mean: &m, square: &v, gradient: Float(gradient), scalars)
      md = 0.9 * md + 0.1 * gradient
      vd = 0.999 * vd + 0.001 * gradient * gradient
      pd -= 1e-2 * (md / first) / ((vd / second).squareRoot() + 1e-8)
      #expect(abs(Double(p) - pd) < 1e-6, "step \(step)")
    }
  }

  @Test("clipping leaves small gradients alone and limits large ones")
  func clipping() {
    #expect(Formulas.clipCoefficient(squares: 0.25, limit: 1) == 1)
    #expect(abs(Formulas.clipCoefficient(squares: 100, limit: 1) - 0.1) < 1e-7)
    #expect(Formulas.clipCoefficient(squares: 0, limit: 1) == 1)
  }
}
