import Analysis
import AnalysisKernels
import Numerics
import Testing

@Suite struct RepulsiveFieldTests {
  @Test(arguments: [4, 8, 32, 128]) func theTransformIsTheSumItStandsFor(n: Int) {
    var numbers = RandomNumbers(seed: 9, .other)
    let values = (0..<2 * n).map { _ in DoubleLanes(numbers.normal(), numbers.normal(), numbers.normal(), 1) }
    var roots: [Double] = []
    for j in 0..<n {
      let turn = Double(j) / Double(n)
      roots += [HostScalars.cosTwoPi(turn), HostScalars.cosTwoPi(turn + 0.25)]
    }
    var x = values
    x.withUnsafeMutableBufferPointer { fourierForward($0.baseAddress!, n, roots: roots) }
    let bits = n.trailingZeroBitCount
    for k in 0..<n {
      let place = (0..<bits).reduce(0) { $0 << 1 | (k >> $1 & 1) }
      var (re, im) = (DoubleLanes(), DoubleLanes())
      for j in 0..<n {
        let (c, s) = (roots[2 * (j * k % n)], roots[2 * (j * k % n) + 1])
        re += values[2 * j] * c - values[2 * j + 1] * s
        im += values[2 * j] * s + values[2 * j + 1] * c
      }
      for lane in 0..<4 {
        #expect(abs(x[2 * place][lane] - re[lane]) < 1e-12 && abs(x[2 * place + 1][lane] - im[lane]) < 1e-12)
      }
    }
    x.withUnsafeMutableBufferPointer { fourierBackward($0.baseAddress!, n, roots: roots) }
    for index in 0..<2 * n {
      for lane in 0..<4 { #expect(abs(x[index][lane] / Double(n) - values[index][lane]) < 1e-14) }
    }
  }

  /// From all points at one place to a map as wide as that of 20,000, on grids of 64 to 512 nodes.
  @Test(arguments: [1e-4, 0.3, 5, 20, 27]) func theFieldIsTheSumOverAllPairs(deviation: Double) {
    var numbers = RandomNumbers(seed: 10, .other)
    let points = (0..<1_500).map { _ in SIMD2(numbers.normal(), numbers.normal()) * deviation }
    var slopes = [SIMD2<Double>](repeating: .zero, count: points.count)
    let field = RepulsiveField(count: points.count, threads: 2)
    let sum = slopes.withUnsafeMutableBufferPointer { field.slopes(points, $0.baseAddress!) }
    var exactSum = 0.0
    var (error, size) = (0.0, 0.0)
    for (i, y) in points.enumerated() {
      var slope = SIMD2<Double>.zero
      for other in points {
        let difference = y - other
        let weight = 1 / (1 + (difference * difference).sum())
        exactSum += weight
        slope -= 2 * difference * weight * weight
      }
      let wrong = slope - slopes[i]
      error += (wrong * wrong).sum()
      size += (slope * slope).sum()
    }
    #expect(abs(sum / exactSum - 1) < 1e-3, "Σ φ is \(sum), not \(exactSum)")
    #expect((error / size).squareRoot() < 2e-2, "slopes are \((error / size).squareRoot()) apart")
  }
}
