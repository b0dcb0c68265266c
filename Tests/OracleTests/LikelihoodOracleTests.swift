import Datasets
import Models
import Numerics
import TestSupport
import Testing
import Training

/// The estimate of log p(x) against textbook loops in double.
@Suite struct LikelihoodOracleTests {
  @Test("importance-weighted estimate", arguments: TestDevice.all, [Binarisation.none, .fixed])
  func estimate(_ device: TestDevice, _ binarise: Binarisation) throws {
    let samples = 9
    var configuration = Configuration(withoutRecipe: .vae)
    let settings = ["hidden": "6,5", "latent": "5", "image": "1x9x8", "binarise": binarise.rawValue]
    for (key, value) in settings { try configuration.set(key, value) }
    let count = 21
    let pixels = (0..<count * 72).map { (place: Int) -> UInt8 in
      let mixed: Int = place * place * 31 + place / 72 * 53
      return UInt8(mixed % 256)
    }
    let values: [Double] = pixels.map { Double(Float($0) / 255) }
    let model = try PreparedModel(
      configuration, images: 1, evaluation: EvaluationShape(steps: 1), on: device.backend)
    try model.initialise()
    var state = try model.state(withOptimizer: false)
    for index in state.parameters.indices {
      state.parameters[index].values = state.parameters[index].values.map { 2.5 * $0 }
    }
    let images = try ImageSet(pixels: pixels, shape: ImageShape(channels: 1, height: 9, width: 8))
    let found = try Evaluator(Weights(configuration, state), images: images, backend: device.backend)
      .logLikelihood(samples: samples)

    configuration.loss = .importanceWeighted
    configuration.importanceSamples = samples
    var parameters: [String: [Double]] = [:]
    for tensor in state.parameters { parameters[tensor.name] = tensor.values.map(Double.init) }
    let reference = DoubleReference(
      configuration: configuration, architecture: configuration.architecture, parameters: parameters,
      images: (0..<count).map { Array(values[$0 * 72..<($0 + 1) * 72]) }, labels: [], epoch: 0,
      posterior: .evaluationReparameterization)
    #expect(abs(found + reference.loss()) <= 1e-6 * abs(found))
  }
}
