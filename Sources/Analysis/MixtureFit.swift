import Numerics

extension GaussianMixture {
  /// A mixture fitted to points, and the course of the fit.
  package struct Fit: Sendable, Equatable {
    package let mixture: GaussianMixture
    /// The mean log-likelihood of the points before every step of EM. It never falls, except through the addition to
    /// the covariances when a component has shrunk to almost nothing.
    package let logLikelihoods: [Double]
  }

  /// Fits a mixture by expectation–maximisation.
  ///
  /// Means start at points that k-means++ draws, weights equal, covariances from the mean squared distance of points to
  /// the nearest of them. Stops when the mean log-likelihood gains less than `tolerance`, or after `steps` steps. 10⁻⁶
  /// of the points' mean variance is added to the diagonal of every covariance.
  /// Source: Dempster, Laird & Rubin (1977); Arthur & Vassilvitskii, "k-means++" (SODA 2007).
  ///
  /// Determinism: see ``MixtureStep``; nothing depends on `threads`.
  ///
  /// - Parameters:
  ///   - points: [n, d], finite, at least one.
  ///   - components: number of components, at least 1; limited to the number of points.
  ///   - seed: key of the draws.
  ///   - threads: number of threads; does not affect the result.
  ///   - steps: maximum number of steps.
  ///   - tolerance: in nats per point.
  package static func fit(
    _ points: Matrix, components: Int, seed: UInt64, threads: Int, steps: Int = 200, tolerance: Double = 1e-4
  ) -> Fit {
    precondition(points.rows > 0 && points.columns > 0 && components > 0, "a mixture of nothing")
    let blocks = PointBlocks(points)
    let floor = 1e-6 * GaussianMoments(points).meanVariance + 1e-12
    var mixture = begin(points, components: min(components, points.rows), floor: floor, seed: seed)
    var logLikelihoods: [Double] = []
    for _ in 0..<steps {
      let sums = MixtureStep(mixture).sums(blocks, threads: threads, wantsMoments: true)
      let gained = logLikelihoods.last.map { sums.logLikelihood / Double(points.rows) - $0 }
      logLikelihoods.append(sums.logLikelihood / Double(points.rows))
      if let gained, gained < tolerance { break }
      mixture = mixture.moved(sums, count: points.rows, floor: floor, threads: threads)
    }
    return Fit(mixture: mixture, logLikelihoods: logLikelihoods)
  }

  /// Fits mixtures of 1, 2, 4, … components and keeps the one with the lowest BIC on held-out points, trying more as
  /// long as it falls.
  ///
  /// BIC = parameters · ln m − 2 · ln p(held out), m points held out.
  /// Source: Schwarz, "Estimating the dimension of a model" (1978).
  ///
  /// - Parameters:
  ///   - points: the points to fit to, [n, d].
  ///   - heldOut: the points to judge by, [m, d].
  ///   - most: maximum number of components.
  ///   - seed: key of the draws.
  ///   - threads: number of threads; does not affect the result.
  /// - Returns: components and BIC of every mixture tried; the chosen one has the lowest.
  package static func criteria(
    _ points: Matrix, heldOut: Matrix, most: Int = 64, seed: UInt64, threads: Int
  ) -> [(components: Int, criterion: Double)] {
    var tried: [(components: Int, criterion: Double)] = []
    var components = 1
    while components <= min(most, points.rows) {
      let mixture = fit(points, components: components, seed: seed, threads: threads).mixture
      let parameters = parameterCount(components: components, dimension: points.columns)
      let likelihood = mixture.meanLogLikelihood(heldOut, threads: threads) * Double(heldOut.rows)
      let criterion = Double(parameters) * Elementary.log(Double(heldOut.rows)) - 2 * likelihood
      let isWorse = tried.last.map { criterion >= $0.criterion } ?? false
      tried.append((components, criterion))
      if isWorse { break }
      components *= 2
    }
    return tried
  }

  private static func begin(
    _ points: Matrix, components: Int, floor: Double, seed: UInt64
  ) -> GaussianMixture {
    var draws = CentreDraws(points, seed: seed)
    let centres = (0..<components).map { _ in draws.next() }
    let variance = draws.meanSquaredDistance / Double(points.columns)
    var covariance = Matrix(rows: points.columns, columns: points.columns)
    for index in 0..<points.columns { covariance[index, index] = variance + floor }
    return GaussianMixture(
      centres.map {
        Component(weight: 1 / Double(components), mean: Array(points[row: $0]), covariance: covariance)
      })
  }

  /// The M step: the mixture of maximum likelihood, given the responsibilities.
  private func moved(_ sums: MixtureStep.Sums, count: Int, floor: Double, threads: Int) -> GaussianMixture {
    let dimension = dimension
    let size = sums.moments.count / components.count
    return GaussianMixture(
      concurrentMap(components.count, threads: threads) { index in
        let old = components[index]
        let moments = sums.moments[index * size..<(index + 1) * size]
        let total = moments[moments.startIndex]
        // Almost nothing belongs to it: it keeps its place and fades.
        guard total > 1e-9 * Double(count) else {
          return Component(weight: total / Double(count), mean: old.mean, covariance: old.covariance)
        }
        let first = moments.startIndex + 1
        let shift = (0..<dimension).map { moments[first + $0] / total }
        var covariance = Matrix(rows: dimension, columns: dimension)
        var place = first + dimension
        for row in 0..<dimension {
          for column in 0...row {
            let value = moments[place] / total - shift[row] * shift[column]
            covariance[row, column] = value
            covariance[column, row] = value
            place += 1
          }
          covariance[row, row] += floor
        }
        return Component(
          weight: total / Double(count), mean: zip(old.mean, shift).map { $0 + $1 }, covariance: covariance)
      })
  }
}

/// k-means++: each centre is a point drawn in proportion to its squared distance from the nearest centre so far.
private struct CentreDraws {
  private let points: Matrix
  private var numbers: RandomNumbers
  private var drawn = 0
  /// Squared distance of every point from the nearest centre.
  private var distances: [Double]

  init(_ points: Matrix, seed: UInt64) {
    self.points = points
    numbers = RandomNumbers(seed: seed, .mixture)
    distances = [Double](repeating: 1, count: points.rows)
  }

  var meanSquaredDistance: Double { distances.reduce(0, +) / Double(points.rows) }

  /// The row of the next centre.
  mutating func next() -> Int {
    let limit = numbers.uniform() * distances.reduce(0, +)
    var sum = 0.0
    var chosen = 0
    for (row, distance) in distances.enumerated() where distance > 0 {
      chosen = row
      sum += distance
      if sum > limit { break }
    }
    for row in 0..<points.rows {
      var distance = 0.0
      for column in 0..<points.columns {
        let difference = points[row, column] - points[chosen, column]
        distance += difference * difference
      }
      distances[row] = drawn == 0 ? distance : min(distances[row], distance)
    }
    drawn += 1
    return chosen
  }
}
