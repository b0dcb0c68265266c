import Facsimile
import Foundation
import TestSupport

/// Images and settings that tests share. Only pixels and devices come from `TestSupport`: the library is tested as its
/// user sees it.
enum Support {
  static let shape = MapShape(1, 28, 28)
  static let colour = MapShape(3, 16, 12)

  /// Soft blobs whose position is their class; see ``Blobs``.
  static func images(_ count: Int, first: Int = 0, labelled: Bool = true) throws -> Images {
    try Images(
      bytes: Blobs.pixels(count, first: first), shape: shape,
      labels: labelled ? (first..<first + count).map(Blobs.label) : nil)
  }

  static func colourImages(_ count: Int) throws -> Images {
    try Images(bytes: Discs.pixels(count, shape: .init(channels: 3, height: 16, width: 12)), shape: colour)
  }

  /// A small model of a kind: `epochs` epochs of five steps on 90 of 100 images.
  static func configuration(_ kind: ModelKind, epochs: Int = 2) throws -> Configuration {
    var configuration = Configuration(kind)
    configuration.hidden = [16]
    configuration.latent = 3
    if kind != .vae { configuration.filters = [4, 5, 8] }
    configuration.batchSize = 20
    configuration.epochs = epochs
    configuration.learningRate = 0.005
    configuration.schedule = .constant
    configuration.warmUp = 0
    configuration.weightDecay = 0
    configuration.dropout = 0
    return configuration
  }

  /// Layers of no built-in model, for images of three channels.
  static func architecture(latent: Int = 4) -> Architecture {
    Architecture(
      input: colour,
      encoder: [
        .conv2D("encoder.conv1", outputs: 4, kernel: 3, stride: 2, padding: 1, activation: .leakyReLU()),
        .flatten("encoder.flatten"),
        .linear("encoder.fc1", outputs: latent),
      ],
      decoder: [
        .linear("decoder.fc1", outputs: 4 * 8 * 6, activation: .relu),
        .unflatten("decoder.unflatten", to: MapShape(4, 8, 6)),
        .convTranspose2D(
          "decoder.convt1", outputs: 3, kernel: 3, stride: 2, padding: 1, outputPadding: OutputPadding(1),
          activation: .sigmoid),
      ])
  }

  /// The model of a kind after its training on 100 images, on the CPU.
  static func trained(_ kind: ModelKind, epochs: Int = 2) throws -> TrainedModel {
    let run = try TrainingRun(configuration(kind, epochs: epochs), images(100), device: cpu())
    try run.fit()
    return try run.model()
  }

  static func cpu(_ threads: Int = 1) throws -> Device { try Device("cpu", threads: threads) }

  /// The CPU; training waits after step `steps` until `gate` is signalled, so that events arrive in time however busy
  /// the machine is. The wait has a timeout, so that a bug does not hang the tests.
  static func gated(_ gate: DispatchSemaphore, after steps: Int) throws -> Device {
    Device(HookedBackend(try TestSupport.cpu(1), afterSteps: steps) { _ = gate.wait(timeout: .now() + 3000) })
  }

  /// One and two threads of the CPU, and every OpenCL device.
  static func devices() throws -> [Device] {
    try [cpu(1), cpu(2)] + (TestDevices.areWanted ? TestDevices.openCL().map { Device($0) } : [])
  }
}

extension [[Float]] {
  /// Bit patterns, for comparing values that may be zeros of different sign.
  var bits: [[UInt32]] { map { $0.map(\.bitPattern) } }
}
