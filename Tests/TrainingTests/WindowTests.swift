import Datasets
import Foundation
import Models
import Programs
import Storage
import TestSupport
import Testing
import Training

/// Images that do not fit are sent to the device batch by batch: the same bits as if all were resident.
@Suite struct WindowTests {
  /// More than the two batches of evaluation that a window holds; the last batch of either kind is smaller.
  static func dataset(memory: Int?) throws -> Dataset {
    let dataset = try Blobs.dataset(train: 640, test: 40)
    return try limited(dataset, memory)
  }

  static func limited(_ dataset: Dataset, _ memory: Int?) throws -> Dataset {
    var (train, test) = (dataset.train, dataset.test)
    (train.memory, test.memory) = (memory, memory)
    return try Dataset(name: dataset.name, train: train, test: test, source: dataset.source)
  }

  private func epochs(_ configuration: Configuration, memory: Int?, on backend: any Backend) throws
    -> [String]
  {
    let trainer = try Trainer(configuration, dataset: Self.dataset(memory: memory), backend: backend)
    _ = try trainer.fit()
    return trainer.manifest.epochs.map {
      "\($0.stateSHA256) \($0.trainMetrics.sorted { $0.key < $1.key }) "
        + "\($0.validationMetrics.sorted { $0.key < $1.key }) \($0.trainLoss) \(String(describing: $0.validationLoss))"
    }
  }

  @Test(
    "Every model, with 290 validation images, on every device", arguments: ModelKind.allCases, TestDevice.all)
  func sameBits(_ kind: ModelKind, _ device: TestDevice) throws {
    let configuration = try Support.configuration(kind, ["epochs": "2", "validation": "290"])
    let resident = try epochs(configuration, memory: nil, on: cpu(1))
    #expect(resident.count == 2)
    for memory in [1, 640 * 784 - 1] {
      #expect(try epochs(configuration, memory: memory, on: device.backend) == resident, "\(memory) bytes")
    }
  }

  @Test("Noise, bits drawn anew and shards are those of the image, not of its place")
  func randomNumbers() throws {
    for (kind, settings) in [
      (ModelKind.vae, ["loss": "iwae", "importance-samples": "3", "binarise": "dynamic", "shards": "2"]),
      (.denoisingAutoencoder, ["noise": "0.4", "shards": "3", "trainable": "last-2:1,all:1"]),
    ] {
      let configuration = try Support.configuration(kind, settings)
      #expect(
        try epochs(configuration, memory: 1, on: cpu(2)) == epochs(configuration, memory: nil, on: cpu(1)))
    }
  }

  @Test("A window is taken only if the images need more than they may")
  func choice() throws {
    let configuration = try Support.configuration(.vae)
    func hasWindow(_ memory: Int?, count: Int = 640, on backend: any Backend) throws -> Bool {
      try PreparedModel(
        configuration, images: Blobs.images(count), memory: memory, training: TrainingShape(steps: 4),
        evaluation: EvaluationShape(steps: 4), on: backend
      ).model.hasWindow
    }
    let backend = try cpu(1)
    #expect(try hasWindow(640 * 784 - 1, on: backend))
    #expect(try !hasWindow(640 * 784, on: backend) && !hasWindow(nil, on: backend))
    // The window would hold all of them.
    #expect(try !hasWindow(1, count: 512, on: backend))
    // Room for activations of 256 images, but not for the bytes of 1,200.
    let small = SmallDevice(base: backend, most: 1100 * 784)
    #expect(try hasWindow(nil, count: 1200, on: small) && !hasWindow(nil, on: small))
    #expect(throws: NotEnoughMemory.self) { try hasWindow(1200 * 784, count: 1200, on: small) }
    #expect(throws: NotEnoughMemory.self) { try hasWindow(nil, on: SmallDevice(base: backend, most: 1000)) }
  }

  @Test("A run stopped within an epoch is resumed with another budget", arguments: [nil, 1])
  func resume(_ memory: Int?) throws {
    let configuration = try Support.configuration(.convAutoencoder)
    let straight = try Trainer(configuration, dataset: Self.dataset(memory: nil), backend: cpu(2))
    _ = try straight.fit()
    let resumed = try inFolder { url in
      // A trainer holds its folder.
      try {
        let signal = StopSignal()
        let first = try Trainer(
          configuration, dataset: Self.dataset(memory: memory),
          backend: HookedBackend(cpu(1), afterSteps: 21) { signal.stop() }, folder: RunFolder(creating: url))
        first.stopSignal = signal
        #expect(try first.fit() == .interrupted && first.steps.done > 0)
      }()
      let second = try Trainer(
        resuming: RunFolder(resuming: url), dataset: Self.dataset(memory: memory == nil ? 1 : nil),
        backend: cpu(1))
      #expect(try second.fit() == .finished)
      return second.manifest.epochs.map(\.stateSHA256)
    }
    #expect(resumed == straight.manifest.epochs.map(\.stateSHA256))
  }

  @Test("Figures, codes and likelihoods of a trained model", arguments: TestDevice.all)
  func evaluation(_ device: TestDevice) throws {
    let configuration = try Support.configuration(.vae, ["loss": "binary-cross-entropy", "epochs": "1"])
    let trainer = try Trainer(configuration, dataset: Self.dataset(memory: nil), backend: cpu(1))
    _ = try trainer.fit()
    let weights = Weights(trainer.configuration, try trainer.checkpoint().state)
    func figures(_ memory: Int?, _ backend: any Backend) throws -> (Evaluation, [[Float]], [Float], Double) {
      var images = try Blobs.images(1100)
      images.memory = memory
      let evaluator = try Evaluator(weights, images: images, backend: backend)
      return (
        try evaluator.evaluate(), try evaluator.codes([3, 1099, 7]), try evaluator.losses(),
        try evaluator.logLikelihood(samples: 40, Array(0..<600))
      )
    }
    let (resident, window) = try (figures(nil, cpu(1)), figures(1, device.backend))
    #expect(resident == window)
  }

  @Test("An image that cannot be read ends the training with the reason")
  func unreadable() throws {
    struct Broken: ImageSource {
      struct Failed: Error {}
      let count = 640
      func read(_ images: ArraySlice<UInt32>, into bytes: UnsafeMutableRawBufferPointer) throws {
        if images.contains(77) { throw Failed() }
        bytes.initializeMemory(as: UInt8.self, repeating: 9)
      }
    }
    let configuration = try Support.configuration(.vae)
    let model = try PreparedModel(
      configuration, images: Broken(), memory: 1, training: TrainingShape(steps: 3),
      evaluation: EvaluationShape(steps: 1), on: cpu(1))
    try model.initialise()
    let batches = [0, 37, 74].map { (first: UInt32) in ArraySlice(first..<first + 37) }
    try model.beginEpoch(
      batches, table: configuration.trainingTable(epoch: 1, batches: batches.map(\.count)).words)
    // The next batch is requested together with a step's own.
    try model.step(0)
    #expect(throws: Broken.Failed.self) { try model.step(1) }
  }
}

/// A device with less memory than another.
private struct SmallDevice: Backend {
  let base: any Backend
  /// Bytes of its largest buffer.
  let most: Int
  var device: DeviceInfo { base.device }

  func prepare(_ program: Program) throws -> any PreparedProgram {
    let largest = program.buffers.map(\.contents.byteCount).max()!
    guard largest <= most else {
      throw NotEnoughMemory("the program", needed: largest, "and \(most) are there")
    }
    return try base.prepare(program)
  }
}
