import Facsimile
import Foundation
import TestSupport
import Testing

@Suite("Training through the library")
struct TrainingRunTests {
  @Test("Every device gives the same bits, in events and by fit")
  func devices() async throws {
    var hashes: Set<[String]> = []
    for device in try Support.devices() {
      let run = try TrainingRun(Support.configuration(.convVAE), Support.images(100), device: device)
      var epochs: [EpochRecord] = []
      var last: TrainingEvent?
      for try await event in run.events() {
        if case .epoch(let record, _) = event { epochs.append(record) }
        last = event
      }
      guard case .finished(.finished) = last else {
        throw Problem(what: "the last event is \(String(describing: last))")
      }
      #expect(epochs == run.epochs && epochs.map(\.epoch) == [1, 2])
      #expect(epochs[1].trainLoss < epochs[0].trainLoss)
      hashes.insert(epochs.map(\.stateSHA256))
    }
    let run = try TrainingRun(Support.configuration(.convVAE), Support.images(100), device: Support.cpu())
    #expect(try run.fit(through: 1) == .reached)
    #expect(try run.fit() == .finished)
    hashes.insert(run.epochs.map(\.stateSHA256))
    #expect(hashes.count == 1)
  }

  @Test("Cancelling the task writes a checkpoint, from which the run resumes with the same bits")
  func cancelling() async throws {
    let folder = try TemporaryFolder()
    let place = folder.file("run")
    let images = try Support.images(100)
    // More epochs than the test waits for.
    let configuration = try Support.configuration(.convAutoencoder, epochs: 10_000)
    let gate = DispatchSemaphore(value: 0)
    var run: TrainingRun? = try TrainingRun(
      configuration, images, device: Support.gated(gate, after: 8), folder: place)
    let events = run!.events()
    let listener = Task {
      var outcome: TrainingOutcome?
      for try await event in events {
        if case .epoch(let record, _) = event, record.epoch == 1 {
          withUnsafeCurrentTask { $0?.cancel() }
          gate.signal()
        }
        if case .finished(let found) = event { outcome = found }
      }
      return outcome
    }
    #expect(try await listener.value == .interrupted)
    #expect(
      FileManager.default.fileExists(atPath: place.appendingPathComponent("checkpoint.safetensors").path))
    #expect(throws: FolderInUse.self) {
      _ = try TrainingRun(resuming: place, images, device: Support.cpu())
    }
    run = nil

    let again = try TrainingRun(resuming: place, images, device: Support.devices().last!)
    let last = again.epochs.count + 3
    try again.fit(through: last)
    let undisturbed = try TrainingRun(configuration, images, device: Support.cpu())
    try undisturbed.fit(through: last)
    #expect(again.epochs.map(\.stateSHA256) == undisturbed.epochs.map(\.stateSHA256))
    #expect(try again.model().parameters == undisturbed.model().parameters)
    #expect(try TrainedModel(run: place, device: Support.cpu()).parameters == again.model(.best).parameters)
    #expect(
      try TrainedModel(run: place, .last, device: Support.cpu()).parameters == again.model(.last).parameters)
  }

  @Test("A stopped run can continue; leaving the loop stops it")
  func stopping() async throws {
    let gate = DispatchSemaphore(value: 0)
    let run = try TrainingRun(
      Support.configuration(.vae, epochs: 10_000), Support.images(100),
      device: Support.gated(gate, after: 12))
    let outcome = try run.fit { event in
      if case .epoch(let record, _) = event, record.epoch == 1 { run.stop() }
    }
    #expect(outcome == .interrupted && run.epochs.count == 1)
    for try await event in run.events() {
      if case .epoch = event { break }
    }
    gate.signal()
    // Waits for the abandoned training.
    let parameters = try run.model(.last).parameters
    let left = run.epochs.count
    #expect((2..<10_000).contains(left))
    #expect(try run.fit(through: left + 1) == .reached && run.epochs.count == left + 1)
    #expect(try run.model(.last).parameters != parameters)
  }

  @Test("A failing training throws out of the loop, once")
  func failing() async throws {
    var configuration = try Support.configuration(.convAutoencoder)
    configuration.loss = .binaryCrossEntropy
    configuration.optimizer = .sgd
    configuration.learningRate = 100
    configuration.activation = .relu
    let run = try TrainingRun(configuration, Support.images(100), device: Support.cpu())
    let events = run.events()
    await #expect(throws: TrainingError.self) { for try await _ in events {} }
    for try await event in events { throw Problem(what: "\(event) after the end") }
  }

  @Test("A run begins with another model's parameters")
  func transfer() throws {
    let autoencoder = try Support.trained(.convAutoencoder)
    let run = try TrainingRun(
      Support.configuration(.classifier), Support.images(100), device: Support.cpu(),
      startingWith: autoencoder)
    let encoder = try run.model().parameters.filter { $0.name.hasPrefix("encoder.") }
    #expect(!encoder.isEmpty && encoder == autoencoder.parameters.filter { $0.name.hasPrefix("encoder.") })
  }

  @Test("A trace has a record for every traced step, the same on every device and after a stop")
  func trace() throws {
    let folder = try TemporaryFolder()
    let (images, configuration) = (try Support.images(100), try Support.configuration(.vae))
    func run(_ name: String, _ interval: TraceInterval, _ device: Device) throws -> TrainingRun {
      try TrainingRun(configuration, images, device: device, folder: folder.file(name), trace: interval)
    }
    func written(_ name: String) throws -> Data {
      try Data(contentsOf: folder.file(name).appendingPathComponent("trace"))
    }
    for (index, device) in try Support.devices().enumerated() {
      let run = try run("\(index)", .every(2), device)
      #expect(try run.fit() == .finished)
      #expect(try written("\(index)") == written("0"))
    }
    // Steps 2, 4 and 5 of each of two epochs; every parameter and Adam's two moments of it; a header of 32 bytes.
    let parameters = try TrainedModel(run: folder.file("0"), device: Support.cpu()).parameters.count
    #expect(try written("0").count == 32 + 2 * 3 * 3 * parameters * 32)

    #expect(try run("stopped", .every(2), Support.cpu()).fit(through: 1) == .reached)
    #expect(
      try TrainingRun(resuming: folder.file("stopped"), images, device: Support.cpu()).fit() == .finished)
    #expect(try written("stopped") == written("0"))
    #expect(try run("automatic", .automatic, Support.cpu()).fit() == .finished)
    #expect(try written("automatic").starts(with: Array("facsimile-trace1".utf8)))

    for interval in [0, TraceInterval.most + 1] {
      #expect(throws: TrainingError.self) { try run("none", .every(interval), Support.cpu()) }
    }
    #expect(throws: TrainingError.self) {
      try TrainingRun(configuration, images, device: Support.cpu(), trace: .automatic)
    }
    #expect(try !folder.names().contains("none"))
  }

  @Test("Invalid runs are refused with one line, and leave no folder")
  func refused() throws {
    let folder = try TemporaryFolder()
    let place = folder.file("run")
    let (images, device) = (try Support.images(100), try Support.cpu())
    #expect(throws: TrainingError.self) {
      try TrainingRun(
        Support.configuration(.classifier), Support.images(100, labelled: false), device: device,
        folder: place)
    }
    var configuration = try Support.configuration(.convAutoencoder)
    configuration.shards = 100
    #expect(throws: ConfigurationError.self) {
      try TrainingRun(configuration, images, device: device, folder: place)
    }
    #expect(throws: DatasetError.self) {
      try TrainingRun(
        Support.configuration(.vae), images, test: Support.colourImages(3), device: device, folder: place)
    }
    #expect(try folder.names().isEmpty)
    #expect(throws: TrainingError.self) { try TrainingRun(resuming: place, images, device: device) }

    _ = try TrainingRun(Support.configuration(.vae), images, device: device, folder: place)
    #expect(throws: TrainingError.self) {
      try TrainingRun(Support.configuration(.vae), images, device: device, folder: place)
    }
    #expect(throws: TrainingError.self) {
      try TrainingRun(resuming: place, Support.images(99), device: device)
    }
    #expect(try TrainingRun(resuming: place, images, device: device).fit() == .finished)
  }
}

struct Problem: Error, CustomStringConvertible {
  let what: String
  var description: String { what }
}
