import Analysis
import Datasets
import Foundation
import Generation
import Models
import Storage
import TestSupport
import Testing
import Training

/// Codes drawn for new images.
@Suite("Samplers")
struct SamplerTests {
  /// A model with the initial parameters of its seed.
  private static func weights(_ kind: ModelKind, latent: Int = 3) throws -> Weights {
    var configuration = Configuration(withoutRecipe: kind)
    configuration.seed = 11
    configuration.latent = latent
    let model = try PreparedModel(
      configuration, images: 1, evaluation: EvaluationShape(steps: 1), on: cpu(1))
    try model.initialise()
    return Weights(configuration, try model.state(withOptimizer: false))
  }

  private static func latent(_ kind: ModelKind, _ weights: Weights) throws -> LatentCodes {
    try LatentCodes(weights, Discs.dataset(train: 300, test: 4), backend: cpu(2))
  }

  private static func sampler(_ kind: Sampler, _ weights: Weights, threads: Int) throws -> CodeSampler {
    guard kind.isFitted else { return try CodeSampler(prior: weights.configuration) }
    return try CodeSampler(
      kind, fittedTo: latent(weights.configuration.model, weights), components: kind.isMixture ? 3 : nil,
      threads: threads)
  }

  private static let pairs: [(Sampler, ModelKind)] = [
    (.prior, .vae), (.twoStage, .vae), (.gaussian, .convAutoencoder), (.mixture, .convAutoencoder),
    (.uniform, .convAutoencoder),
  ]

  @Test("Any number of threads gives the same codes", arguments: pairs)
  func threads(_ kind: Sampler, _ model: ModelKind) throws {
    let weights = try Self.weights(model)
    let expected = try Self.sampler(kind, weights, threads: 1).codes(50, seed: 7)
    #expect(expected.count == 50 && expected.allSatisfy { $0.count == 3 })
    for threads in 2...3 {
      #expect(try Self.sampler(kind, weights, threads: threads).codes(50, seed: 7) == expected)
    }
    let bits = expected.flatMap { $0 }.withUnsafeBytes { Fingerprint.hex(of: Data($0)) }
    #expect(bits == Self.fingerprints[kind], "\(kind): \(bits)")
  }

  /// The expected hashes on every processor.
  private static let fingerprints: [Sampler: String] = [
    .prior: "8239a30de5bc3f7a54bbbd784f206011dd07a2eea07cd62a50f5c2fad169d46a",
    .twoStage: "06a182bc69ca86cfc995779d8e92c42070dad4dc9edb9088dd9d64ce89a3e273",
    .gaussian: "fa11ec1f52a1091c4b7e07c958977724fbc934c0aba828b5655d813b2f611db9",
    .mixture: "7f7c3864e0ffaa2757086253fa6f832c8ac6b74a749fc90483f6e8161d5d541f",
    .uniform: "5cd103f0ed98fe35557e1344d248af4f7b4592878b1492db3c90a6edfbd4219c",
  ]

  @Test("A code does not depend on how many are drawn", arguments: pairs)
  func one(_ kind: Sampler, _ model: ModelKind) throws {
    let sampler = try Self.sampler(kind, Self.weights(model), threads: 1)
    let codes = sampler.codes(9, seed: 4)
    #expect(sampler.codes(2, seed: 4) == Array(codes.prefix(2)))
    #expect(sampler.codes(3, from: 6, seed: 4) == Array(codes.suffix(3)))
    #expect(sampler.codes(9, seed: 5) != codes)
  }

  @Test("Drawn codes have the moments of the training images'")
  func moments() throws {
    let weights = try Self.weights(.convAutoencoder, latent: 2)
    let codes = try Self.latent(.convAutoencoder, weights)
    let expected = GaussianMoments(codes.codes)
    for kind in [Sampler.gaussian, .mixture] {
      let sampler = try CodeSampler(kind, fittedTo: codes, threads: 1)
      let drawn = sampler.codes(4000, seed: 1).flatMap { $0 }
      let moments = GaussianMoments(Matrix(rows: 4000, columns: 2, values: drawn))
      for row in 0..<2 {
        let deviation = expected.covariance[row, row].squareRoot()
        #expect(abs(moments.mean[row] - expected.mean[row]) < 0.1 * deviation)
        #expect(abs(moments.covariance[row, row] / expected.covariance[row, row] - 1) < 0.15)
      }
    }
    let box = try CodeSampler(.uniform, fittedTo: codes, threads: 1).codes(2000, seed: 1)
    for column in 0..<2 {
      let values = (0..<codes.codes.rows).map { codes.codes[$0, column] }
      let (low, high) = (values.min()!, values.max()!)
      let drawn = box.map { Double($0[column]) }
      #expect(drawn.min()! >= low - 1e-6 && drawn.max()! <= high + 1e-6)
      #expect(drawn.min()! < low + 0.01 * (high - low) && drawn.max()! > high - 0.01 * (high - low))
    }
  }

  @Test("Two-stage codes spread by the posteriors' variances more than the means do")
  func twoStage() throws {
    let weights = try Self.weights(.vae, latent: 2)
    let codes = try Self.latent(.vae, weights)
    let variances = try #require(codes.variances)
    let sampler = try CodeSampler(.twoStage, fittedTo: codes, components: 2, threads: 1)
    let drawn = sampler.codes(4000, seed: 1).flatMap { $0 }
    let moments = GaussianMoments(Matrix(rows: 4000, columns: 2, values: drawn))
    let means = GaussianMoments(codes.codes)
    let added = GaussianMoments(variances).mean
    for row in 0..<2 {
      let expected = means.covariance[row, row] + added[row]
      #expect(added[row] > 0.1 && abs(moments.covariance[row, row] / expected - 1) < 0.1)
    }
  }

  @Test("Samplers that do not fit a model say which do")
  func refusals() throws {
    func message(_ sampler: Sampler, _ configuration: Configuration) -> String {
      do {
        try sampler.require(configuration)
        return "none"
      } catch { return "\(error)" }
    }
    let plain = Configuration(.convAutoencoder)
    #expect(message(.prior, plain).contains("has no prior, which the sampler prior needs: choose gaussian"))
    #expect(message(.twoStage, plain).contains("has no posterior"))
    #expect(message(.gaussian, Configuration(.classifier)).contains("makes no images"))
    var wide = Configuration(.vae)
    wide.latent = 513
    #expect(message(.mixture, wide).contains("513 values"))
    #expect(message(.prior, wide) == "none" && message(.uniform, wide) == "none")
    #expect(Sampler.allCases.allSatisfy { message($0, Configuration(.convVAE)) == "none" })
    #expect(Sampler(for: plain) == .gaussian && Sampler(for: Configuration(.vae)) == .prior)
    let codes = try Self.latent(.convAutoencoder, Self.weights(.convAutoencoder))
    #expect(throws: TrainingError.self) { try CodeSampler(.twoStage, fittedTo: codes, threads: 1) }
    #expect(throws: TrainingError.self) {
      try CodeSampler(.mixture, fittedTo: codes, components: 271, threads: 1)
    }
  }

  @Test("The grid goes through the quantiles, and lines end where they should")
  func paths() throws {
    var configuration = Configuration(.vae)
    let grid = try LatentPaths.grid(side: 3, configuration)
    // The quantile of 5/6 is 0.967421566101701 (scipy).
    let q: Float = 0.967421566101701
    #expect(grid == [[-q, q], [0, q], [q, q], [-q, 0], [0, 0], [q, 0], [-q, -q], [0, -q], [q, -q]])
    configuration.latent = 3
    #expect(throws: TrainingError.self) { try LatentPaths.grid(side: 3, configuration) }
    var plain = Configuration(.convAutoencoder)
    plain.latent = 2
    #expect(throws: TrainingError.self) { try LatentPaths.grid(side: 3, plain) }
    let line = LatentPaths.line(from: [0.1, 3], to: [0.7, -1], steps: 5)
    #expect(line.first == [0.1, 3] && line.last == [0.7, -1] && line[2][1] == 1 && line.count == 5)
  }
}
