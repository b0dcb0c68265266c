import Analysis
import Testing

/// Mixtures of normal distributions, and their fit.
@Suite("Gaussian mixtures")
struct GaussianMixtureTests {
  /// Three round clusters in the plane, 10 standard deviations or more apart; a third, a sixth and a half of
  /// the points.
  private static let centres: [(x: Double, y: Double, deviation: Double)] = [
    (0, 0, 0.5), (10, 1, 0.25), (-3, 8, 1),
  ]

  private static func clusters(_ count: Int) -> Matrix {
    var numbers = RandomNumbers(seed: 5, .other)
    return Matrix(
      rows: count, columns: 2,
      values: (0..<count).flatMap { number in
        let centre = centres[[0, 1, 2, 2, 0, 2][number % 6]]
        return [
          centre.x + centre.deviation * numbers.normal(), centre.y + centre.deviation * numbers.normal(),
        ]
      })
  }

  /// Values by scipy 1.16: `multivariate_normal(m, s).pdf`.
  @Test("Density and shares are scipy's")
  func density() {
    let mixture = GaussianMixture([
      .init(
        weight: 0.25, mean: [1, -2], covariance: Matrix(rows: 2, columns: 2, values: [2, 0.5, 0.5, 1.0])),
      .init(
        weight: 0.75, mean: [0.5, 3],
        covariance: Matrix(rows: 2, columns: 2, values: [0.25, -0.125, -0.125, 0.5])),
    ])
    let points = Matrix(rows: 4, columns: 2, values: [0, 0, 1, 2.5, -3, 4, 10.0, -10])
    #expect(isClose(mixture.meanLogLikelihood(points, threads: 1), -29.54697695479087))
    let shares = mixture.responsibilities(points, threads: 1)
    for (row, expected) in [0.9990362022047597, 1.3918064620592124e-06, 8.765190938095902e-05, 1.0]
      .enumerated()
    {
      #expect(isClose(shares[row, 0], expected))
      #expect(isClose(shares[row, 0] + shares[row, 1], 1))
    }
  }

  @Test("Fitting finds clusters")
  func clusters() {
    let fit = GaussianMixture.fit(Self.clusters(3000), components: 3, seed: 1, threads: 1)
    let found = fit.mixture.components.sorted { $0.mean[0] < $1.mean[0] }
    for (component, index) in zip(found, [2, 0, 1]) {
      let centre = Self.centres[index]
      #expect(abs(component.weight - [1.0 / 3, 1.0 / 6, 0.5][index]) < 1e-6)
      #expect(abs(component.mean[0] - centre.x) < 0.1 && abs(component.mean[1] - centre.y) < 0.1)
      let variance = centre.deviation * centre.deviation
      #expect(abs(component.covariance[0, 0] / variance - 1) < 0.15)
      #expect(abs(component.covariance[0, 1]) < 0.1 * variance)
    }
  }

  @Test("The likelihood never falls, however many components", arguments: [1, 2, 3, 7, 20])
  func monotone(_ components: Int) {
    let logLikelihoods =
      GaussianMixture.fit(Self.clusters(999), components: components, seed: 3, threads: 1).logLikelihoods
    #expect(logLikelihoods.count > 1)
    for (before, after) in zip(logLikelihoods, logLikelihoods.dropFirst()) { #expect(after >= before) }
  }

  @Test("One component is mean and covariance")
  func one() {
    let points = Self.clusters(77)
    let component = GaussianMixture.fit(points, components: 1, seed: 1, threads: 1).mixture.components[0]
    let moments = GaussianMoments(points)
    #expect(component.weight == 1)
    for row in 0..<2 {
      #expect(isClose(component.mean[row], moments.mean[row]))
      #expect(isClose(component.covariance[row, 1 - row], moments.covariance[row, 1 - row] * 76 / 77))
    }
  }

  @Test("Threads change no bit", arguments: [2, 3, 5])
  func threads(_ count: Int) {
    let points = Self.clusters(1003)
    #expect(
      GaussianMixture.fit(points, components: 4, seed: 2, threads: count)
        == GaussianMixture.fit(points, components: 4, seed: 2, threads: 1))
  }

  @Test("BIC on points held out chooses as many components as there are clusters")
  func size() {
    let points = Self.clusters(1200)
    let two = points.selecting(rows: (0..<1200).filter { $0 % 6 < 2 })
    let (fitted, heldOut) = (
      two.selecting(rows: Array(0..<300)), two.selecting(rows: Array(300..<400))
    )
    let tried = GaussianMixture.criteria(fitted, heldOut: heldOut, seed: 1, threads: 1)
    #expect(tried.map(\.components) == [1, 2, 4])
    #expect(tried.min { $0.criterion < $1.criterion }?.components == 2)
  }

  @Test("Points that are all the same, or fewer than components, are fitted")
  func degenerate() {
    let same = Matrix(rows: 9, columns: 2, values: [Double](repeating: 3, count: 18))
    let fit = GaussianMixture.fit(same, components: 2, seed: 1, threads: 1)
    #expect(fit.mixture.components.allSatisfy { $0.mean == [3, 3] })
    let few = Matrix(rows: 2, columns: 1, values: [1.0, 5])
    #expect(GaussianMixture.fit(few, components: 4, seed: 1, threads: 1).mixture.components.count == 2)
  }

  @Test("Drawn points have the component that was chosen, and its moments")
  func drawing() {
    let mixture = GaussianMixture([
      .init(weight: 0.25, mean: [1, 2], covariance: Matrix(rows: 2, columns: 2, values: [4, 2, 2, 5.0])),
      .init(
        weight: 0.75, mean: [100, 100], covariance: Matrix(rows: 2, columns: 2, values: [1, 0, 0, 1.0])),
    ])
    // L is [2, 0], [1, 2].
    #expect(mixture.point(choosing: 0.2, [1, -1]) == [3, 1])
    #expect(mixture.point(choosing: 0.25, [1, -1]) == [101, 99])
    #expect(mixture.point(choosing: 0.9999999, [0, 0]) == [100, 100])
  }

  @Test("Variances widen the component that their points belong to")
  func widened() {
    let mixture = GaussianMixture(
      [-50, 50].map {
        .init(weight: 0.5, mean: [$0], covariance: Matrix(rows: 1, columns: 1, values: [1.0]))
      })
    let points = Matrix(rows: 3, columns: 1, values: [-50, -51, 50.0])
    let variances = Matrix(rows: 3, columns: 1, values: [2, 4, 0.5])
    let wide = mixture.widened(by: variances, of: points, threads: 2)
    #expect(wide.components.map { $0.covariance[0, 0] } == [4, 1.5])
  }
}

/// To 10⁻⁹ of the expected value.
func isClose(_ value: Double, _ expected: Double) -> Bool {
  abs(value - expected) <= 1e-9 * max(abs(expected), 1e-300)
}
