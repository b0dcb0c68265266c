import Facsimile
import Foundation

/// Trains a little through the library: one import, no backend named.
@main
enum Client {
  static func main() throws {
    let pixels = (0..<64 * 784).map { UInt8(truncatingIfNeeded: $0 / 784 &* 31 &+ $0 % 28 &* 7) }
    let images = try ImageSet(pixels: pixels)
    let dataset = try Dataset(name: "made-up", train: images, test: images, source: URL(fileURLWithPath: "."))
    var configuration = Configuration(.convAutoencoder)
    try configuration.set("epochs", "2")
    try configuration.set("batch-size", "16")
    let device = try DeviceCatalog().open(.cpu)
    let trainer = try Trainer(configuration, dataset: dataset, backend: device.backend)
    let outcome = try trainer.fit()
    let losses = trainer.manifest.epochs.map(\.trainLoss)
    guard outcome == .finished, losses.count == 2, losses[1] < losses[0] else {
      fatalError("training went \(outcome), losses \(losses)")
    }
    print("client: losses \(losses) on \(device.backend.device.name)")
  }
}
