import Datasets
import Foundation
import Models
import Storage
import TestSupport
import Testing
import Training

/// Flipped bits on the disk, files cut off, swapped, or put back: each is refused with a line that names the file, or
/// changes nothing.
@Suite struct DamagedRunTests {
  private static func configuration(_ settings: [String: String] = [:]) throws -> Configuration {
    let small = ["hidden": "6", "latent": "2", "batch-size": "40", "keep-checkpoints": "1", "dropout": "0"]
    return try Support.configuration(.vae, small.merging(settings) { $1 })
  }

  /// A run of two epochs and two steps of a third, in `url`.
  private func makeRun(_ url: URL, _ settings: [String: String] = [:]) throws {
    let configuration = try Self.configuration(settings)
    let signal = StopSignal()
    let backend = HookedBackend(try Support.backend(), afterSteps: 12) { signal.stop() }
    let trainer = try Trainer(
      configuration, dataset: Support.dataset(), backend: backend, folder: RunFolder(creating: url))
    trainer.stopSignal = signal
    #expect(try trainer.fit() == .interrupted)
    #expect(trainer.epoch == 2)
  }

  /// Everything that is computed from a run's files.
  private struct Outcome: Equatable {
    let best: ModelState
    let last: ModelState
    let bestOfTrainer: ModelState?
    let state: ModelState
    let epoch: Int
    let step: Int
    let stopping: EarlyStopping
    let hashes: [String]

    static func == (a: Self, b: Self) -> Bool {
      a.best == b.best && a.last == b.last && a.bestOfTrainer == b.bestOfTrainer && a.state == b.state
        && a.epoch == b.epoch && a.step == b.step && a.stopping == b.stopping && a.hashes == b.hashes
    }
  }

  private static let names = [
    "config.yaml", "manifest.json", "metrics.csv", "checkpoint.safetensors", "best.safetensors",
  ]

  private func outcome(_ url: URL, _ changed: inout [String]) throws -> Outcome {
    let folder = try RunFolder(reading: url)
    let (best, last) = (try Weights(run: folder, .best), try Weights(run: folder, .last))
    let trainer = try Trainer(
      resuming: RunFolder(resuming: url), dataset: Support.dataset(), backend: Support.backend())
    changed = trainer.changes
    let checkpoint = try trainer.checkpoint()
    return Outcome(
      best: best.state, last: last.state, bestOfTrainer: trainer.best, state: checkpoint.state,
      epoch: checkpoint.epoch, step: checkpoint.step, stopping: checkpoint.stopping,
      hashes: trainer.manifest.epochs.map(\.stateSHA256))
  }

  /// Restores the run's files, lets `damage` change one, and checks the outcome.
  private func check(
    _ url: URL, _ files: [String: Data], _ expected: Outcome, _ name: String, _ what: String,
    _ damage: (inout Data) -> Void
  ) throws {
    for (name, data) in files { try data.write(to: url.appendingPathComponent(name)) }
    var data = files[name]!
    damage(&data)
    try data.write(to: url.appendingPathComponent(name))
    var changed: [String] = []
    do {
      let found = try outcome(url, &changed)
      #expect(found == expected, "\(name), \(what): accepted, and other results come of it")
      #expect(changed.allSatisfy { ["epochs", "patience", "keep-checkpoints"].contains($0) }, "\(changed)")
    } catch {
      let line = "\(error)"
      #expect(line.contains(name) && !line.contains("\n"), "\(name), \(what): \(line)")
    }
  }

  @Test("A bit of any file falls over", arguments: names)
  func bits(_ name: String) throws {
    try inFolder { url in
      try makeRun(url)
      let files = try contents(url)
      var none: [String] = []
      let expected = try outcome(url, &none)
      let size = files[name]!.count
      // Spread over the file, at the same places in every run of the test; more of them in the header.
      let places = (0..<48).map { $0 * size / 48 + $0 % 7 } + (0..<24).map { $0 * min(size, 2000) / 24 + 3 }
      for (index, place) in places.enumerated() where place < size {
        let bit = UInt8(1) << UInt8(index * 5 % 8)
        try check(url, files, expected, name, "bit \(bit) of byte \(place) of \(size)") { $0[place] ^= bit }
      }
    }
  }

  @Test("Any file is cut off, emptied, or lengthened", arguments: names)
  func lengths(_ name: String) throws {
    try inFolder { url in
      try makeRun(url)
      let files = try contents(url)
      var none: [String] = []
      let expected = try outcome(url, &none)
      let size = files[name]!.count
      for length in [0, 1, 7, 8, 9, size / 3, size / 2, size - 1] {
        try check(url, files, expected, name, "cut off at \(length)") { $0 = $0.prefix(length) }
      }
      try check(url, files, expected, name, "one byte more") { $0.append(0) }
    }
  }

  @Test(
    "Any file of another run is put there", arguments: names,
    [["seed": "8"], ["latent": "3"], ["batch-size": "41"]])
  func swapped(_ name: String, _ settings: [String: String]) throws {
    try inFolder { url in
      let (here, there) = (url.appendingPathComponent("here"), url.appendingPathComponent("there"))
      try makeRun(here)
      try makeRun(there, settings)
      let name = here.appendingPathComponent(name)
      try Data(contentsOf: there.appendingPathComponent(name.lastPathComponent)).write(to: name)
      var none: [String] = []
      let error = #expect(throws: (any Error).self) { try outcome(here, &none) }
      let line = error.map { "\($0)" } ?? ""
      #expect(line.contains(here.path) && !line.contains("\n"), "\(line)")
    }
  }

  @Test("An older file of the same run is put back")
  func older() throws {
    try inFolder { url in
      let folder = try RunFolder(creating: url)
      let trainer = try Trainer(
        Self.configuration(), dataset: Support.dataset(), backend: Support.backend(), folder: folder)
      _ = try trainer.fit(through: 1)
      let early = try contents(url)
      _ = try trainer.fit(through: 3)
      try #require(trainer.manifest.bestEpoch > 1)
      let late = try contents(url)
      func with(_ name: String) throws -> Trainer {
        for (name, data) in late { try data.write(to: url.appendingPathComponent(name)) }
        try early[name]!.write(to: url.appendingPathComponent(name))
        _ = try Weights(run: folder, .best)
        return try Trainer(resuming: folder, dataset: Support.dataset(), backend: Support.backend())
      }
      // The files that a killed process may leave are resumed to the same bits.
      let again = try with("checkpoint.safetensors")
      #expect(again.epoch == 1)
      #expect(try again.fit() == .finished)
      #expect(again.manifest.epochs.map(\.stateSHA256) == trainer.manifest.epochs.map(\.stateSHA256))
      // The others cannot be told from those of another run, and are rejected.
      for name in ["manifest.json", "best.safetensors"] {
        let error = #expect(throws: TrainingError.self) { try with(name) }
        #expect(error?.description.contains("put back") == true, "\(error as Any)")
      }
      // A configuration with fewer epochs than are done.
      for (name, data) in late { try data.write(to: url.appendingPathComponent(name)) }
      let text = String(decoding: late["config.yaml"]!, as: UTF8.self)
      try Data(text.replacing("epochs: 3", with: "epochs: 2").utf8).write(to: folder.configurationFile)
      let error = #expect(throws: TrainingError.self) { try Weights(run: folder) }
      #expect(error?.description.contains("has 2 epochs, but 3 are done") == true)
    }
  }

  @Test(
    "No setting of a finished run changes unnoticed",
    arguments: [("epochs", "9"), ("patience", "5"), ("keep-checkpoints", "2")])
  func finished(_ key: String, _ value: String) throws {
    try inFolder { url in
      let folder = try RunFolder(creating: url)
      let trainer = try Trainer(
        Self.configuration(), dataset: Support.dataset(), backend: Support.backend(), folder: folder)
      #expect(try trainer.fit() == .finished)
      _ = try Weights(run: folder)
      var changed = try folder.configuration()
      try changed.set(key, value)
      try folder.write(changed)
      let error = #expect(throws: TrainingError.self) { try Weights(run: folder) }
      #expect(error?.description.contains("says \(key) is \(value), but") == true, "\(error as Any)")
      #expect(error?.remedy == .goOn(folder: url.path))
      // Resuming applies it.
      let again = try Trainer(resuming: folder, dataset: Support.dataset(), backend: Support.backend())
      #expect(again.changes == [key])
      _ = try again.fit()
      _ = try Weights(run: folder)
      // The table of epochs is checked too; without it the manifest is enough.
      let table = try String(contentsOf: folder.metricsFile, encoding: .utf8)
      try Data(table.replacing("\n1,", with: "\n4,").utf8).write(to: folder.metricsFile)
      let other = #expect(throws: TrainingError.self) { try Weights(run: folder) }
      #expect(other?.description.contains("metrics.csv does not hold") == true, "\(other as Any)")
      try FileManager.default.removeItem(at: folder.metricsFile)
      _ = try Weights(run: folder)
    }
  }

  @Test("The checkpoint before a damaged one is named, and trains the same bits")
  func previous() throws {
    try inFolder { url in
      let folder = try RunFolder(creating: url)
      let trainer = try Trainer(
        Self.configuration(["keep-checkpoints": "last"]), dataset: Support.dataset(),
        backend: Support.backend(),
        folder: folder)
      _ = try trainer.fit(through: 2)
      var data = try Data(contentsOf: folder.checkpointFile)
      data[data.count - 5] ^= 16
      try data.write(to: folder.checkpointFile)
      let error = #expect(throws: TrainingError.self) {
        try Trainer(resuming: folder, dataset: Support.dataset(), backend: Support.backend())
      }
      #expect(
        error?.description.contains("previous.safetensors, of epoch 1, is intact") == true, "\(error as Any)")
      #expect(error?.remedy == .goOnFrom(folder: url.path, checkpoint: folder.previousFile.path))
      let again = try Trainer(
        resuming: folder, dataset: Support.dataset(), backend: Support.backend(),
        checkpoint: folder.previousFile)
      #expect(again.epoch == 1)
      #expect(try again.fit() == .finished)
      let straight = try Support.hashes(Self.configuration())
      #expect(again.manifest.epochs.map(\.stateSHA256) == straight)
    }
  }

  @Test("Best weights that are damaged come again from the checkpoint where they are its own")
  func best() throws {
    try inFolder { url in
      let folder = try RunFolder(creating: url)
      let trainer = try Trainer(
        Self.configuration(), dataset: Support.dataset(), backend: Support.backend(), folder: folder)
      _ = try trainer.fit(through: 2)
      try #require(trainer.manifest.bestEpoch == 2)
      let whole = try Data(contentsOf: folder.bestFile)
      try Data(whole.dropLast(3)).write(to: folder.bestFile)
      #expect(throws: (any Error).self) { try Weights(run: folder) }
      _ = try Trainer(resuming: folder, dataset: Support.dataset(), backend: Support.backend())
      #expect(try Data(contentsOf: folder.bestFile) == whole)
      try FileManager.default.removeItem(at: folder.bestFile)
      #expect(throws: (any Error).self) { try Weights(run: folder) }
    }
  }

  /// Changes of a checkpoint that has a valid hash of its own.
  @Test(
    "Every value of a checkpoint is checked",
    arguments: [
      "seconds": "nan", "step": "0", "epoch": "7", "best-epoch": "9", "stale-epochs": "-1",
      "best-loss": "inf",
      "dataset-sha256": "0", "state-sha256": "0", "format": "facsimile-checkpoint-1",
      "numerics-contract": "99",
    ])
  func value(_ key: String, _ value: String) throws {
    try inFolder { url in
      try makeRun(url)
      try change(url) { $0.metadata[key] = value }
    }
  }

  @Test("So are the tensors of an epoch under way")
  func tensors() throws {
    try inFolder { url in
      try makeRun(url)
      let files = try contents(url)
      let whole = try SafeTensors(contentsOf: url.appendingPathComponent("checkpoint.safetensors"))
      func replacing(_ name: String, _ values: [Float]?, _ words: [UInt32]?, _ shape: [Int]) throws {
        for (name, data) in files { try data.write(to: url.appendingPathComponent(name)) }
        try change(url) { file in
          file = SafeTensors()
          for tensor in whole.tensors where tensor.name != name { try file.add(tensor) }
          if let values { try file.add(name, shape: shape, floats: values) }
          if let words { try file.add(name, shape: shape, values: words) }
          file.metadata = whole.metadata
        }
      }
      let losses = try whole.floats("epoch.losses")
      try replacing("epoch.losses", [Float](repeating: 1, count: 100_000), nil, [2, 50_000])
      try replacing("epoch.losses", losses.map { _ in .nan }, nil, [2, losses.count / 2])
      try replacing("epoch.losses", nil, nil, [])
      var table = try whole.values("epoch.table", of: UInt32.self)
      table[3] ^= 1
      try replacing("epoch.table", nil, table, [table.count])
      try replacing("optimizer.m.encoder.fc1.bias", [Float](repeating: .infinity, count: 6), nil, [6])
      try replacing("surprise", [1], nil, [1])
    }
  }

  /// Rewrites the checkpoint with a hash of its new contents; expects that training refuses it.
  private func change(_ url: URL, _ edit: (inout SafeTensors) throws -> Void) throws {
    let place = url.appendingPathComponent("checkpoint.safetensors")
    var file = try SafeTensors(contentsOf: place)
    try edit(&file)
    file.seal()
    try file.write(to: place)
    let error = #expect(throws: (any Error).self) {
      try Trainer(resuming: RunFolder(resuming: url), dataset: Support.dataset(), backend: Support.backend())
    }
    let line = error.map { "\($0)" } ?? ""
    #expect(line.contains("checkpoint") && !line.contains("\n"), "\(line)")
  }

  @Test("What is no file is not read", arguments: names)
  func pipes(_ name: String) throws {
    try inFolder { url in
      try makeRun(url)
      for make in [{ mkfifo($0, 0o600) }, { symlink("/dev/zero", $0) }] as [(String) -> Int32] {
        let place = url.appendingPathComponent(name)
        try FileManager.default.removeItem(at: place)
        #expect(make(place.path) == 0)
        var none: [String] = []
        let error = #expect(throws: (any Error).self) { try outcome(url, &none) }
        let line = error.map { "\($0)" } ?? ""
        #expect(line.contains(name) && line.contains("expected a file"), "\(line)")
      }
    }
  }

  private func contents(_ url: URL) throws -> [String: Data] {
    try Dictionary(
      uniqueKeysWithValues: Self.names.map { ($0, try Data(contentsOf: url.appendingPathComponent($0))) })
  }
}
