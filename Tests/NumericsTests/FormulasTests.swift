import Foundation
import Numerics
import Testing

/// A formula of up to three numbers: that of the table, in eight lanes, and that of its documentation, one
/// number at a time.
private struct Pair: Sendable, CustomStringConvertible {
  let description: String
  let alone: @Sendable (Float, Float, Float) -> Float
  let lanes: @Sendable (Lanes, Lanes, Lanes) -> Lanes

  init(
    _ description: String, _ lanes: @escaping @Sendable (Lanes, Lanes, Lanes) -> Lanes,
    alone: @escaping @Sendable (Float, Float, Float) -> Float
  ) {
    (self.description, self.alone, self.lanes) = (description, alone, lanes)
  }
}

private let rms = RMSpropScalars(learningRate: 1e-3, decay: 0.99, epsilon: 1e-8)
private let adam = AdamScalars(
  stepSize: 3.7e-3, rootCorrection: 0.055, beta1: 0.9, beta2: 0.999, epsilon: 1e-8)
private let sgd = SGDScalars(learningRate: 0.1, momentum: 0.9)

private func exp(_ x: Float) -> Float { Elementary.exp(x) }

private let pairs: [Pair] = [
  Pair("addNoise", { x, n, _ in Formulas.addNoise(x, n, level: 0.3) }) { x, n, _ in fma(0.3, n, x) },
  Pair("relu", { x, _, _ in Formulas.relu(x) }) { x, _, _ in x > 0 ? x : 0 },
  Pair("reluGradient", { g, y, _ in Formulas.reluGradient(g, result: y) }) { g, y, _ in y > 0 ? g : 0 },
  Pair("reluMask", { g, y, _ in Formulas.reluMask(g, result: y, scale: 1.3) }) { g, y, _ in
    y > 0 ? g * 1.3 : 0
  },
  Pair("sigmoidGradient", { g, y, _ in Formulas.sigmoidGradient(g, result: y) }) { g, y, _ in
    g * (y * (1 - y))
  },
  Pair("tanhGradient", { g, y, _ in Formulas.tanhGradient(g, result: y) }) { g, y, _ in g * fma(-y, y, 1) },
  Pair("softplusGradient", { g, y, _ in Formulas.softplusGradient(g, result: y) }) { g, y, _ in
    g * (1 - exp(-y))
  },
  Pair("dropout", { x, u, _ in Formulas.dropout(x, u, keep: 0.75, scale: 4 / 3) }) { x, u, _ in
    u < 0.75 ? x * (4 / 3) : 0
  },
  Pair("squaredError", { p, t, s in Formulas.squaredError(p, t, addedTo: s) }) { p, t, s in
    fma(p - t, p - t, s)
  },
  Pair("squaredErrorGradient", { p, t, _ in Formulas.squaredErrorGradient(p, t, scale: 0.7) }) { p, t, _ in
    (p - t) * 0.7
  },
  Pair("binaryCrossEntropy", { x, t, _ in Formulas.binaryCrossEntropy(x, t) }) { x, t, _ in
    fma(-x, t, x > 0 ? x : 0) + Elementary.softplusTail(lanes(x))[0]
  },
  Pair("binaryCrossEntropyGradient", { x, t, _ in Formulas.binaryCrossEntropyGradient(x, t, scale: 0.7) }) {
    x, t, _ in (Elementary.sigmoid(x) - t) * 0.7
  },
  Pair("softmaxSum", { x, m, s in Formulas.softmaxSum(logit: x, maximum: m, addedTo: s) }) { x, m, s in
    s + exp(x - m)
  },
  Pair("softmax", { x, m, s in Formulas.softmax(logit: x, maximum: m, sum: s) }) { x, m, s in exp(x - m) / s
  },
  Pair("crossEntropy", { x, m, s in Formulas.crossEntropy(logit: x, maximum: m, sum: s) }) { x, m, s in
    Elementary.log(s) - (x - m)
  },
  Pair("crossEntropyGradient", { p, t, _ in Formulas.crossEntropyGradient(p, target: t, scale: 0.7) }) {
    p, t, _ in (p - t) * 0.7
  },
  Pair("divergence", { m, v, s in Formulas.divergence(mean: m, logVariance: v, addedTo: s) }) { m, v, s in
    fma(-0.5, fma(-m, m, 1 + v) - exp(v), s)
  },
  Pair(
    "variationalLoss", { r, d, _ in Formulas.variationalLoss(reconstruction: r, divergence: d, weight: 0.7) }
  ) { r, d, _ in fma(0.7, d, r) },
  Pair("reparameterize", { m, v, e in Formulas.reparameterize(mean: m, logVariance: v, noise: e) }) {
    m, v, e in
    fma(e, exp(0.5 * v), m)
  },
  Pair("meanGradient", { g, m, _ in Formulas.meanGradient(g, mean: m, scale: 0.7) }) { g, m, _ in
    fma(m, 0.7, g)
  },
  Pair(
    "logVarianceGradient",
    { g, v, e in Formulas.logVarianceGradient(g, logVariance: v, noise: e, scale: 0.7) }
  ) { g, v, e in
    fma(exp(v) - 1, 0.5 * 0.7, g * (e * (0.5 * exp(0.5 * v))))
  },
  Pair("l2", { g, p, _ in Formulas.l2(g, parameter: p, decay: 1e-2) }) { g, p, _ in fma(1e-2, p, g) },
  Pair("clip", { g, _, _ in Formulas.clip(g, coefficient: 0.3) }) { g, _, _ in g * 0.3 },
  Pair("decoupledDecay", { p, _, _ in Formulas.decoupledDecay(p, factor: 0.999) }) { p, _, _ in p * 0.999 },
  Pair(
    "sgd",
    { p, g, _ in
      var p = p
      Formulas.sgd(&p, gradient: g, sgd)
      return p
    }
  ) { p, g, _ in fma(-sgd.learningRate, g, p) },
  Pair(
    "momentum",
    { p, g, b in
      var (p, b) = (p, b)
      Formulas.momentum(&p, buffer: &b, gradient: g, nesterov: false, sgd)
      Formulas.momentum(&p, buffer: &b, gradient: g, nesterov: true, sgd)
      return p
    }
  ) { p, g, b in
    let first = fma(sgd.momentum, b, g)
    let second = fma(sgd.momentum, first, g)
    return fma(-sgd.learningRate, fma(sgd.momentum, second, g), fma(-sgd.learningRate, first, p))
  },
  Pair(
    "rmsprop",
    { p, g, v in
      var (p, v) = (p, v.magnitudes)
      Formulas.rmsprop(&p, square: &v, gradient: g, rms)
      return p + v
    }
  ) { p, g, v in
    let v = fma(rms.decayComplement * g, g, rms.decay * v.magnitude)
    return fma(-rms.learningRate, g / (v.squareRoot() + rms.epsilon), p) + v
  },
  Pair(
    "adam",
    { p, g, m in
      var (p, m, v) = (p, m, m.magnitudes)
      Formulas.adam(&p, mean: &m, square: &v, gradient: g, adam)
      return p + m + v
    }
  ) { p, g, m in
    let v = fma(adam.beta2Complement * g, g, adam.beta2 * m.magnitude)
    let m = fma(adam.beta1Complement, g - m, m)
    return fma(-adam.stepSize, m / (v.squareRoot() / adam.rootCorrection + adam.epsilon), p) + m + v
  },
]

@Suite("Formulas")
struct FormulasTests {
  @Test("a formula in eight lanes gives the bits of its own words", arguments: pairs.indices)
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
        (
          "sigmoid", Formulas.sigmoidGradient(lanes(1), result: lanes(sigmoid))[0],
          slope({ 1 / (1 + exp(-$0)) }, d)
        ),
        (
          "tanh", Formulas.tanhGradient(lanes(1), result: Elementary.tanh(lanes(x)))[0],
          slope({ tanh($0) }, d)
        ),
        (
          "mse", Formulas.squaredErrorGradient(lanes(x), lanes(0.3), scale: 2)[0],
          slope({ ($0 - 0.3) * ($0 - 0.3) }, d)
        ),
        (
          "bce", Formulas.binaryCrossEntropyGradient(lanes(x), lanes(0.3), scale: 1)[0],
          slope({ max($0, 0) - $0 * 0.3 + log1p(exp(-abs($0))) }, d)
        ),
        (
          "logvar",
          Formulas.logVarianceGradient(lanes(0.7), logVariance: lanes(x), noise: lanes(1.1), scale: 0.25)[0],
          slope({ 0.7 * 1.1 * exp(0.5 * $0) - 0.25 * 0.5 * (1 + $0 - exp($0)) }, d)
        ),
        (
          "mean", Formulas.meanGradient(lanes(0.7), mean: lanes(x), scale: 0.25)[0],
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
    func loss(_ x: Float, _ t: Float) -> Float { Formulas.binaryCrossEntropy(lanes(x), lanes(t))[0] }
    #expect(loss(1_000, 1) == 0)
    #expect(loss(-1_000, 1) == 1_000)
    #expect(loss(0, 0.5) == Elementary.log(Float(2)))
    #expect(abs(loss(20, 1) - 2.0611537e-9) < 1e-15)
  }

  @Test("Adam against PyTorch's formula in double")
  func adamTrajectory() {
    var (p, m, v) = (lanes(0.5), lanes(0), lanes(0))
    var (pd, md, vd) = (0.5, 0.0, 0.0)
    for step in 1...50 {
      let gradient = sin(Double(step))
      let (first, second) = (1 - pow(0.9, Double(step)), 1 - pow(0.999, Double(step)))
      let scalars = AdamScalars(
        stepSize: Float(1e-2 / first), rootCorrection: Float(second.squareRoot()), beta1: 0.9, beta2: 0.999,
        epsilon: 1e-8)
      Formulas.adam(&p, mean: &m, square: &v, gradient: lanes(Float(gradient)), scalars)
      md = 0.9 * md + 0.1 * gradient
      vd = 0.999 * vd + 0.001 * gradient * gradient
      pd -= 1e-2 * (md / first) / ((vd / second).squareRoot() + 1e-8)
      #expect(abs(Double(p[0]) - pd) < 1e-6, "step \(step)")
    }
  }

  @Test("sixteen lanes give the bits of twice eight")
  func sixteenLanes() {
    var words = Words(seed: 16)
    for _ in 0..<300 {
      let (g, y) = ((words.wideLanes(), words.wideLanes()), (words.wideLanes(), words.wideLanes()))
      let wide = (SIMD16(lowHalf: g.0, highHalf: g.1), SIMD16(lowHalf: y.0, highHalf: y.1))
      #expect(Formulas.relu(wide.0) == SIMD16(lowHalf: Formulas.relu(g.0), highHalf: Formulas.relu(g.1)))
      let halves = (
        Formulas.reluMask(g.0, result: y.0, scale: 1.3), Formulas.reluMask(g.1, result: y.1, scale: 1.3)
      )
      #expect(
        Formulas.reluMask(wide.0, result: wide.1, scale: 1.3)
          == SIMD16(lowHalf: halves.0, highHalf: halves.1))
    }
  }

  @Test("an initial weight is on [−bound, bound)")
  func initialWeight() {
    #expect(Formulas.initialWeight(0, bound: 0.3) == -0.3)
    let (u, bound): (Float, Float) = (0.75, 0.3)
    #expect(Formulas.initialWeight(u, bound: bound) == fma(u, bound + bound, -bound))
  }

  @Test("clipping leaves small gradients alone and limits large ones")
  func clipping() {
    #expect(Formulas.clipCoefficient(squares: 0.25, limit: 1) == 1)
    #expect(abs(Formulas.clipCoefficient(squares: 100, limit: 1) - 0.1) < 1e-7)
    #expect(Formulas.clipCoefficient(squares: 0, limit: 1) == 1)
  }
}
