import Facsimile

/// Trains a little through the library: one import, no backend named.
@main
enum Client {
  static func main() async throws {
    let pixels = (0..<64 * 784).map { UInt8(truncatingIfNeeded: $0 / 784 &* 31 &+ $0 % 28 &* 7) }
    let images = try Images(bytes: pixels, shape: MapShape(1, 28, 28))
    var configuration = Configuration(.convVAE)
    configuration.epochs = 2
    configuration.batchSize = 16
    try configuration.set("learning-rate", "0.002")
    let run = try TrainingRun(configuration, images, device: Device("cpu"))
    var outcome: TrainingOutcome?
    for try await event in run.events() {
      if case .finished(let found) = event { outcome = found }
    }
    let losses = run.epochs.map(\.trainLoss)
    guard outcome == .finished, losses.count == 2, losses[1] < losses[0] else {
      fatalError("training went \(String(describing: outcome)), losses \(losses)")
    }
    let model = try run.model()
    let codes = try model.encode(images)
    guard try model.decode(codes) == model.reconstruct(images), try model.sample(3).count == 3,
      try model.losses(of: images).count == 64, model.parameters.first?.name == "encoder.conv1.weight"
    else { fatalError("the trained model contradicts itself") }
    print("client: losses \(losses) on \(run.device)")
  }
}
