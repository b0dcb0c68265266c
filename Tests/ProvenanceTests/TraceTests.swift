import Datasets
import Foundation
import Models
import Programs
import Provenance
import Storage
import TestSupport
import Testing
import Training

/// Traces: the same on every device and after every stop, and the differences that they locate.
@Suite struct TraceTests {
  private let place: TemporaryFolder
  private let dataset: Dataset

  init() throws {
    place = try TemporaryFolder()
    dataset = try Blobs.dataset(train: 220, test: 40)
  }

  /// Three epochs of six steps.
  private func configuration(_ kind: ModelKind = .vae, _ settings: [String: String] = [:]) throws
    -> Configuration
  {
    var configuration = Configuration(withoutRecipe: kind)
    let small = ["hidden": "6", "latent": "3", "batch-size": "37", "epochs": "3"]
    for (key, value) in small.merging(settings, uniquingKeysWith: { $1 }) {
      try configuration.set(key, value)
    }
    return configuration
  }

  @discardableResult
  private func train(
    _ name: String, _ kind: ModelKind = .vae, _ settings: [String: String] = [:],
    on backend: (any Backend)? = nil,
    every interval: Int? = 1
  ) throws -> RunFolder {
    let url = place.file(name)
    let trainer = try Trainer(
      configuration(kind, settings), dataset: dataset, backend: backend ?? cpu(1),
      folder: RunFolder(creating: url), trace: interval.map { .every($0) })
    _ = try trainer.fit()
    return try RunFolder(reading: url)
  }

  private func root(_ folder: RunFolder) throws -> String {
    let manifest = try folder.requireIntact()
    let (steps, size) = (try #require(manifest.traceSteps), try Data(contentsOf: folder.traceFile).count)
    let plan = try #require(try TracePlan(manifest))
    #expect(size == 32 + 32 * plan.tensors.count * steps)
    return try #require(manifest.traceSHA256)
  }

  @Test("One root on every device, with any number of threads, and after every stop", arguments: [1, 4])
  func root(_ interval: Int) throws {
    let settings = ["dropout": "0.1", "filters": "4,5,8"]
    let straight = try train("straight", .convAutoencoder, settings, every: interval)
    let expected = try root(straight)
    #expect(try straight.manifest().traceSteps == 3 * (interval == 1 ? 6 : 2))
    for (index, backend) in (try [cpu(2)] + (TestDevices.areWanted ? TestDevices.openCL() : [])).enumerated()
    {
      let other = try train("device-\(index)", .convAutoencoder, settings, on: backend, every: interval)
      #expect(try root(other) == expected)
      #expect(try Data(contentsOf: other.traceFile) == Data(contentsOf: straight.traceFile))
    }
    for steps in [1, 4, 6, 9, 17] {
      let url = place.file("stopped-\(steps)")
      let signal = StopSignal()
      let stopping = HookedBackend(try cpu(1), afterSteps: steps) { signal.stop() }
      do {
        let trainer = try Trainer(
          configuration(.convAutoencoder, settings), dataset: dataset, backend: stopping,
          folder: RunFolder(creating: url), trace: .every(interval))
        trainer.stopSignal = signal
        #expect(try trainer.fit() == .interrupted)
      }
      // As if it had been killed later: its trace is ahead of its manifest.
      let folder = try RunFolder(reading: url)
      _ = try root(folder)
      let manifest = try String(contentsOf: folder.manifestFile, encoding: .utf8)
      var running = try JSONDecoder().decode(Manifest.self, from: Data(manifest.utf8))
      running.state = .running
      try running.json().write(to: folder.manifestFile)
      try (Data(contentsOf: folder.traceFile) + Data(repeating: 7, count: 1000)).write(to: folder.traceFile)
      do {
        let trainer = try Trainer(resuming: RunFolder(resuming: url), dataset: dataset, backend: cpu(1))
        #expect(try trainer.fit() == .finished)
      }
      #expect(try root(folder) == expected, "stopped after \(steps)")
    }
  }

  /// A bit of a tensor that is wrong from the end of a step on, as on a faulty device.
  @Test(
    "The step and the tensor of a wrong bit, and who is right",
    arguments: [
      (5, "parameters", "encoder.fc1.weight"), (12, "parameters", "encoder.fc1.weight"), (13, "adam.m", ""),
    ])
  func flips(_ steps: Int, _ buffer: String, _ tensor: String) throws {
    let right = try train("right")
    let names = try LoweredModel(
      configuration(), datasetImages: 1, training: TrainingShape(steps: 1, layers: .all),
      evaluation: EvaluationShape(steps: 1)
    ).training!.state.map(\.name)
    let name = buffer == "parameters" ? buffer : names[0]
    func faulty(_ steps: Int) throws -> any Backend {
      HookedBackend(try cpu(1), afterSteps: steps, corrupting: name, place: 0, bit: 2)
    }
    let wrong = try train("wrong", on: faulty(steps))
    let place = (epoch: (steps - 1) / 6 + 1, step: (steps - 1) % 6 + 1)
    for (order, verdict) in [([right, wrong], Ruling.Verdict.first), ([wrong, right], .second)] {
      let comparer = try RunComparer(order[0], order[1])
      let found = try comparer.compare()
      #expect(!found.isSame && found.epoch == place.epoch && found.difference?.step == place.step, "\(found)")
      let first = try #require(found.tensor)
      #expect(tensor.isEmpty ? first.hasPrefix("optimizer.") : first == tensor, "\(found)")
      #expect(try #require(found.hashes) <= 20)
      // The device repeats the fault in its first step, or is no longer faulty.
      for isFaulty in [true, false] {
        let ruling = try #require(
          try comparer.referee(
            found, dataset: dataset, backend: cpu(1), signal: StopSignal(), listener: { _ in },
            device: { $0 == "flip:0" ? try? isFaulty ? faulty(1) : cpu(1) : nil }))
        #expect(ruling.verdict == verdict, "\(ruling)")
        #expect(ruling.operation == (isFaulty ? "update" : nil), "\(ruling)")
      }
    }
    // A third training of the wrong run finds the same place.
    let verification = try #require(
      try Verifier(wrong).verify(1...3, dataset: dataset, backend: cpu(1), signal: StopSignal()) { _ in })
    #expect(verification.verdict == .diverged && verification.epoch == place.epoch, "\(verification)")
    #expect(verification.step == place.step && verification.reason.contains("step \(place.step)"))
    #expect(
      try Verifier(right).verify(1...3, dataset: dataset, backend: cpu(1), signal: StopSignal()) { _ in }?
        .verdict
        == .reproduced)
  }

  @Test("An interval narrows the place down, and runs without traces are compared epoch by epoch")
  func coarse() throws {
    func faulty() throws -> any Backend {
      HookedBackend(try cpu(1), afterSteps: 9, corrupting: "parameters", place: 0, bit: 2)
    }
    let (a, b) = (try train("a", every: 4), try train("b", on: faulty(), every: 4))
    let found = try RunComparer(a, b).compare()
    #expect(found.reason.hasPrefix("in epoch 2, steps 1 to 4: "), "\(found)")
    let ruling = try RunComparer(a, b).referee(
      found, dataset: dataset, backend: cpu(1), signal: StopSignal(), listener: { _ in }, device: { _ in nil }
    )
    #expect(ruling?.verdict == .first && ruling?.reason.contains("flip:0 is not here") == true, "\(found)")
    let kept = ["keep-checkpoints": "all"]
    let (c, d) = (
      try train("c", .vae, kept, every: nil), try train("d", .vae, kept, on: faulty(), every: nil)
    )
    for order in [[c, d], [a, d]] {
      let found = try RunComparer(order[0], order[1]).compare()
      #expect(found.epoch == 2 && found.difference == nil && found.hashes == nil, "\(found)")
      #expect(found.tensor == "encoder.fc1.weight", "\(found)")
      let ruling = try RunComparer(order[0], order[1]).referee(
        found, dataset: dataset, backend: cpu(1), signal: StopSignal(), listener: { _ in },
        device: { _ in nil })
      #expect(ruling?.verdict == .first)
    }
    #expect(try RunComparer(a, c).compare().isSame)
    let other = try RunComparer(a, train("e", .vae, ["batch-size": "40", "seed": "5"])).compare()
    #expect(other.settings.sorted() == ["batch-size is 37 and 40", "seed is 1 and 5"], "\(other)")
    #expect(!other.isSame && other.epoch == nil)
  }

  /// States of an imaginary training: only what is hashed matters.
  @Test("A thousand flips of one bit in a thousand steps are all found, in twenty hashes at most")
  func thousand() throws {
    let (steps, tensors, values) = (1000, 24, 16)
    let names = (0..<tensors).map { "tensor.\($0)" }
    var random = TestRandom(9)
    func tensor(_ step: Int, _ index: Int) -> ModelState.Tensor {
      var random = TestRandom(UInt64(step * tensors + index))
      return ModelState.Tensor(
        name: names[index], shape: [values],
        values: random.floats(values))
    }
    let right = (0..<steps).map { step in
      TracedStep(epoch: 1, step: step + 1, tensors: (0..<tensors).map { TracedStep.hash(tensor(step, $0)) })
    }
    let tree = MerkleTree(right.map(\.sha256))
    var most = 0
    for round in 0..<1000 {
      let (step, index) = (random.integer(0...steps - 1), random.integer(0...tensors - 1))
      let (value, bit) = (random.integer(0...values - 1), UInt32(random.integer(0...31)))
      var leaves = tree.leaves
      var wrong = right[step]
      // It stays for a while, for good, or for one step only.
      let last = round % 3 == 0 ? step : round % 3 == 1 ? min(step + 40, steps - 1) : steps - 1
      for later in step...last where later < step + 40 {
        var flipped = tensor(later, index)
        flipped.values[value] = Float(bitPattern: flipped.values[value].bitPattern ^ 1 << bit)
        var hashes = right[later].tensors
        hashes[index] = TracedStep.hash(flipped)
        let changed = TracedStep(epoch: 1, step: later + 1, tensors: hashes)
        if later == step { wrong = changed }
        leaves[later] = changed.sha256
      }
      for later in step + 40..<max(step + 40, last + 1) { leaves[later] = leaves[step] }
      let other = MerkleTree(leaves)
      var hashes = 0
      func telling(_ tree: MerkleTree) -> (Range<Int>) -> [UInt8] {
        { range in
          hashes += 1
          return tree.hash(range)
        }
      }
      let found = tree.firstDifference(in: 0..<steps, from: telling(other))
      let tensors = MerkleTree(right[step].tensors).firstDifference(
        in: 0..<tensors, from: telling(MerkleTree(wrong.tensors)))
      #expect(found == step && tensors == index && hashes <= 20)
      most = max(most, hashes)
    }
    #expect(most == 17)
  }

  @Test("Traces that are damaged, of another run, or no files are refused in one line")
  func hostile() throws {
    let folder = try train("run", .vae, ["epochs": "1"])
    let whole = try Data(contentsOf: folder.traceFile)
    func refused(_ word: String) throws {
      let error = #expect(throws: (any Error).self) { try folder.requireIntact() }
      let text = "\(error!)"
      #expect(text.contains(word) && text.contains("trace") && !text.contains("\n"), "\(text)")
      #expect(throws: (any Error).self) { try RunComparer(folder, folder) }
      if word != "missing" {
        let resumed = #expect(throws: (any Error).self) {
          try Trainer(resuming: RunFolder(resuming: folder.url), dataset: dataset, backend: cpu(1))
        }
        #expect(!"\(resumed!)".contains("\n"))
      }
    }
    func put(_ data: Data) throws { try data.write(to: folder.traceFile) }
    var other = whole
    other[other.count - 1] ^= 1
    try put(other)
    try refused("another root")
    other = whole
    other[0] ^= 1
    try put(other)
    try refused("does not begin")
    for count in [0, 31, 32, whole.count - 1] {
      try put(whole.prefix(count))
      try refused(count < 32 ? "does not begin" : "holds")
    }
    try put(whole + Data([1]))
    try refused("at most")
    try FileManager.default.removeItem(at: folder.traceFile)
    try refused("missing")
    #expect(mkfifo(folder.traceFile.path, 0o600) == 0)
    try refused("a pipe")
    try FileManager.default.removeItem(at: folder.traceFile)
    try FileManager.default.createDirectory(at: folder.traceFile, withIntermediateDirectories: false)
    try refused("a folder")
    try FileManager.default.removeItem(at: folder.traceFile)
    // If it is deleted, the run works without it, and says so.
    do {
      let trainer = try Trainer(
        resuming: RunFolder(resuming: folder.url), dataset: dataset, backend: cpu(1), epochs: 2)
      #expect(trainer.hasLostTrace)
      #expect(try trainer.fit() == .finished)
    }
    #expect(try folder.requireIntact().traceSHA256 == nil)
    try put(whole)
    #expect(throws: TrainingError.self) { try folder.requireIntact() }
  }
}
