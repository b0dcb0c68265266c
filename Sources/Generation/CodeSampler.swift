import Analysis
import Models
import Numerics
import Training

/// A distribution over a model's latent codes.
///
/// Determinism: code n depends on the seed, on n and on the data that the distribution was fitted to, but not on how
/// many are drawn, nor on threads.
package struct CodeSampler: Sendable {
  private enum Distribution: Sendable {
    case standardNormal(width: Int)
    case box(low: [Double], high: [Double])
    case mixture(GaussianMixture)
  }

  /// The kind.
  package let kind: Sampler
  private let distribution: Distribution

  /// Components of the mixture; nil if it is not a mixture.
  package var components: Int? {
    guard kind.isMixture, case .mixture(let mixture) = distribution else { return nil }
    return mixture.components.count
  }

  /// The prior of a variational autoencoder.
  ///
  /// - Throws: as ``Sampler/require(_:)``.
  package init(prior configuration: Configuration) throws {
    try Sampler.prior.require(configuration)
    kind = .prior
    distribution = .standardNormal(width: try configuration.codeWidth)
  }

  /// A sampler fitted to codes.
  ///
  /// - Parameters:
  ///   - kind: any but `prior`.
  ///   - codes: the training images' codes.
  ///   - components: of a mixture; nil: chosen among 1, 2, 4, … 64 by BIC on held-out codes.
  ///   - threads: number of threads; does not affect the result.
  /// - Throws: `TrainingError` if the codes have no posterior, or are fewer than the components.
  package init(_ kind: Sampler, fittedTo codes: LatentCodes, components: Int? = nil, threads: Int) throws {
    precondition(kind.isFitted, "\(kind.rawValue) is not fitted")
    self.kind = kind
    switch kind {
    case .prior, .uniform:
      distribution = Self.box(codes.codes)
    case .gaussian:
      distribution = .mixture(Self.fit(codes.codes, 1, threads))
    case .mixture, .twoStage:
      let count = try components ?? Self.size(codes, threads)
      guard count <= codes.codes.rows else {
        throw TrainingError(
          .data, "\(count) components for \(codes.codes.rows) training images: expected at most one per image"
        )
      }
      let mixture = Self.fit(codes.codes, count, threads)
      guard kind == .twoStage else {
        distribution = .mixture(mixture)
        return
      }
      guard let variances = codes.variances else {
        throw TrainingError(.model, "the model has no posterior, which the sampler two-stage needs")
      }
      distribution = .mixture(mixture.widened(by: variances, of: codes.codes, threads: threads))
    }
  }

  /// The codes of the images `first ..< first + count`, [count][latent].
  ///
  /// Formula: the prior's are the numerics contract's standard normal numbers for (seed, stream of evaluation samples,
  /// sample n, element e). The others use the n-th sequence of `RandomNumbers` for codes: uniform numbers for a box;
  /// for a mixture, one that selects the component, then a standard normal number for each value.
  package func codes(_ count: Int, from first: Int = 0, seed: UInt64) -> [[Float]] {
    (first..<first + count).map { code(UInt32($0), seed: seed) }
  }

  private func code(_ number: UInt32, seed: UInt64) -> [Float] {
    var numbers = RandomNumbers(seed: seed, .codes, sequence: number)
    switch distribution {
    case .standardNormal(let width):
      return RandomStream.evaluationReparameterization.normals(seed: seed, sample: number, count: width)
    case .box(let low, let high):
      return zip(low, high).map { Float($0 + numbers.uniform() * ($1 - $0)) }
    case .mixture(let mixture):
      let share = numbers.uniform()
      let normals = (0..<mixture.dimension).map { _ in numbers.normal() }
      return mixture.point(choosing: share, normals).map { Float($0) }
    }
  }

  /// Fixed seed for fitting, so that a fit is reproducible.
  private static let fitSeed: UInt64 = 11

  private static func fit(_ codes: Matrix, _ components: Int, _ threads: Int) -> GaussianMixture {
    GaussianMixture.fit(codes, components: components, seed: fitSeed, threads: threads).mixture
  }

  private static func size(_ codes: LatentCodes, _ threads: Int) throws -> Int {
    let (fitted, judging) = codes.trial
    let tried = GaussianMixture.criteria(fitted, heldOut: judging, seed: fitSeed, threads: threads)
    return tried.min { $0.criterion < $1.criterion }!.components
  }

  private static func box(_ codes: Matrix) -> Distribution {
    var (low, high) = (Array(codes[row: 0]), Array(codes[row: 0]))
    for row in 1..<max(codes.rows, 1) {
      for (column, value) in codes[row: row].enumerated() {
        low[column] = min(low[column], value)
        high[column] = max(high[column], value)
      }
    }
    return .box(low: low, high: high)
  }
}
