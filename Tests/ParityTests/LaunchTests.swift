import Models
import OpenCLBackend
import Parity
import Programs
import TestSupport
import Testing

/// Several operations in one launch, on a GPU.
@Suite("Launches of a step in a GPU's form", .enabled(if: TestDevices.areWanted), .serialized)
struct LaunchTests {
  private func prepared(_ settings: [String: String], _ kind: ModelKind) throws -> OpenCLProgram {
    guard let device = TestDevices.discovery.devices.first else { throw TestDevices.Missing() }
    var configuration = Configuration(kind)
    for (key, value) in settings { try configuration.set(key, value) }
    let model = try LoweredModel(
      configuration, datasetImages: 100, training: TrainingShape(steps: 1, layers: .all),
      evaluation: EvaluationShape(steps: 1, mode: .sample))
    let backend = try OpenCLBackend(
      device, options: LaunchOptions(.gpu), settings: OpenCLSettings(cacheFolder: nil))
    return try #require(try backend.prepare(model.program) as? OpenCLProgram)
  }

  @Test(
    "launches of a step",
    arguments: [
      (ModelKind.convAutoencoder, [:], 26), (.classifier, [:], 24), (.vae, [:], 24), (.convVAE, [:], 36),
      (.convVAE, ["activation": "relu"], 33), (.convAutoencoder, ["filters": "4,6"], 22),
      // Not taken in: dropout, and activations whose gradients are operations of their own.
      (.convAutoencoder, ["dropout": "0.1"], 36), (.convAutoencoder, ["activation": "tanh"], 36),
    ])
  func count(_ kind: ModelKind, _ settings: [String: String], _ expected: Int) throws {
    let program = try prepared(settings, kind)
    let kernels = program.kernels(.gradients) + program.kernels(.update)
    #expect(kernels.count == expected, "\(kernels.map(\.rawValue).joined(separator: " "))")
  }

  /// Each kernel is compiled for groups of eight by four, though the launches were planned for more.
  @Test("several layers' weights, and squares of linear layers, in groups of fewer lanes than planned")
  func smallGroups() throws {
    guard let device = TestDevices.discovery.devices.first else { throw TestDevices.Missing() }
    let backend = try OpenCLBackend(
      device, options: LaunchOptions(.gpu), settings: OpenCLSettings(cacheFolder: nil, kernelGroupLimit: 32))
    let report = try runParity(
      devices: [cpu(2), backend], operations: [.linearForward, .linearBackwardInput], models: [.classifier],
      steps: 2,
      seed: .random(in: .min ... .max), progress: { _ in })
    #expect(report.identical == report.cases && report.cases > 0, "\(report.mismatches.prefix(3))")
  }
}
