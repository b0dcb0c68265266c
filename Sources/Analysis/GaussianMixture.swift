import Numerics

/// A mixture of multivariate normal distributions, each with a full covariance.
package struct GaussianMixture: Sendable, Equatable {
  /// One of the normal distributions.
  package struct Component: Sendable, Equatable {
    /// Its weight, from 0 to 1; the weights of a mixture sum to 1.
    package let weight: Double
    /// Its mean, [d].
    package let mean: [Double]
    /// Its covariance, [d, d], symmetric and positive definite.
    package let covariance: Matrix
    /// The Cholesky factor of the covariance; see ``Cholesky/init(raising:)``.
    package let factor: Cholesky

    /// A component; its factor is computed.
    package init(weight: Double, mean: [Double], covariance: Matrix) {
      self.weight = weight
      self.mean = mean
      self.covariance = covariance
      factor = Cholesky(raising: covariance)
    }

    /// mean + L · `normals`: a sample of this distribution if `normals` are standard normal.
    ///
    /// Determinism: sums run over ascending columns of L, starting with the mean.
    package func point(_ normals: [Double]) -> [Double] {
      mean.indices.map { row in
        (0...row).reduce(mean[row]) { $0 + factor.lower[row, $1] * normals[$1] }
      }
    }
  }

  /// The distributions, at least one.
  package let components: [Component]

  /// A mixture of these components.
  package init(_ components: [Component]) {
    precondition(!components.isEmpty, "a mixture of nothing")
    self.components = components
  }

  /// d, the number of coordinates of a point.
  package var dimension: Int { components[0].mean.count }

  /// Number of parameters of a mixture: weights, means and covariances.
  package static func parameterCount(components: Int, dimension: Int) -> Int {
    components * (1 + dimension + dimension * (dimension + 1) / 2) - 1
  }

  /// A sample of the mixture: `share` selects the component, `normals` place the point in it.
  ///
  /// - Parameters:
  ///   - share: uniform on [0, 1): selects the first component at which the cumulative weight is above it.
  ///   - normals: d standard normal numbers.
  package func point(choosing share: Double, _ normals: [Double]) -> [Double] {
    var sum = 0.0
    for component in components {
      sum += component.weight
      if share < sum { return component.point(normals) }
    }
    // Weights may sum to slightly less than 1: the last non-zero one takes the rest.
    return (components.last { $0.weight > 0 } ?? components[0]).point(normals)
  }

  /// The mean over `points`, [n, d], of the logarithm of the density.
  ///
  /// Determinism: as ``fit(_:components:seed:threads:steps:tolerance:)``.
  package func meanLogLikelihood(_ points: Matrix, threads: Int) -> Double {
    let sums = MixtureStep(self).sums(PointBlocks(points), threads: threads, wantsMoments: false)
    return sums.logLikelihood / Double(points.rows)
  }

  /// The mixture with the mean of `variances` added to the diagonal of each component's covariance, where points are
  /// weighted by their responsibilities.
  ///
  /// If the points are the means of posteriors and the variances those of the posteriors, then by the law of total
  /// variance this is the mixture that samples of the posteriors come from.
  ///
  /// - Parameters:
  ///   - points: [n, d].
  ///   - variances: [n, d].
  ///   - threads: number of threads; does not affect the result.
  package func widened(by variances: Matrix, of points: Matrix, threads: Int) -> GaussianMixture {
    let shares = responsibilities(points, threads: threads)
    let means = concurrentMap(components.count, threads: threads) { index in
      var total = 0.0
      var sums = [Double](repeating: 0, count: dimension)
      for row in 0..<points.rows {
        let share = shares[row, index]
        total += share
        for column in 0..<dimension { sums[column] += share * variances[row, column] }
      }
      return sums.map { total > 0 ? $0 / total : 0 }
    }
    return GaussianMixture(
      zip(components, means).map { component, added in
        var covariance = component.covariance
        for index in added.indices { covariance[index, index] += added[index] }
        return Component(weight: component.weight, mean: component.mean, covariance: covariance)
      })
  }

  /// Responsibilities: how much each point belongs to each component, [n, components]; rows sum to 1.
  package func responsibilities(_ points: Matrix, threads: Int) -> Matrix {
    MixtureStep(self).responsibilities(PointBlocks(points), threads: threads)
  }
}
