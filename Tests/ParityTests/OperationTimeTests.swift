import Models
import OpenCLBackend
import Parity
import Programs
import TestSupport
import Testing

/// `times` of a step: the same operations and bits as a step of training.
@Suite("Times of operations", .enabled(if: TestDevices.areWanted), .serialized)
struct OperationTimeTests {
  /// A step on `backend`, timed or not: its operations, and the state after it.
  private func step(
    _ kind: ModelKind, on backend: any Backend, timed: Bool
  ) throws -> (times: [OperationTime], model: PreparedModel, arenas: [[Float]]) {
    var configuration = Configuration(kind)
    try configuration.set("batch-size", "40")
    let prepared = try PreparedModel(
      configuration, images: 40, training: TrainingShape(steps: 1), evaluation: EvaluationShape(steps: 1),
      on: backend)
    try prepared.write(images: MadeUpImages.noise(40, configuration.imageShape, seed: 3))
    try prepared.write(labels: (0..<40).map { $0 % 10 })
    let batches = prepared.evaluationBatches((0..<40).map { $0 })
    try prepared.beginEpoch(batches, table: configuration.trainingTable(epoch: 1, batches: [40]).words)
    try prepared.initialise()
    let times = timed ? try prepared.times(0) : []
    if !timed { try prepared.step(0) }
    return (times, prepared, try prepared.arenas())
  }

  @Test(
    "every operation once, none without its time, the same bits", arguments: [ModelKind.classifier, .vae])
  func everyOperation(_ kind: ModelKind) throws {
    guard let device = TestDevices.discovery.devices.first else { throw TestDevices.Missing() }
    let asGPU = try OpenCLBackend(
      device, options: LaunchOptions(.gpu), settings: OpenCLSettings(cacheFolder: nil))
    let straight = try step(kind, on: cpu(1), timed: false)
    let program = straight.model.model.program
    let expected = [Routine.Name.gradients, .update].flatMap { program.routine($0)?.operations ?? [] }
    for (backend, isTogether) in [(try cpu(2) as any Backend, false), (asGPU, true)] {
      let (times, _, arenas) = try step(kind, on: backend, timed: true)
      let operations = times.flatMap(\.operations)
      #expect(Set(operations) == Set(expected) && operations.count == expected.count)
      #expect((times.count < expected.count) == isTogether)
      #expect(times.allSatisfy { $0.seconds > 0 })
      #expect(arenas == straight.arenas, "\(backend.device.identifier)")
    }
  }
}
