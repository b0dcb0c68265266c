import Datasets
import Foundation
import Models
import Programs
import Search
import Storage
import TestSupport
import Testing
import Training

@Suite struct SearchTests {
  /// The result of each trial trained on its own.
  private func trained(_ trial: Trial, through epoch: Int? = nil) throws -> Trainer {
    let configuration = try Configuration(pairs: trial.configuration.map { ($0.key, $0.value) })
    let trainer = try Trainer(configuration, dataset: Support.dataset(), backend: Support.backends()[0])
    _ = try trainer.fit(through: epoch)
    return trainer
  }

  @Test func trialsAreWhatTheirConfigurationsSay() throws {
    let trials = try inFolder { try Support.table(Support.space, in: $0) }
    #expect(trials.map(\.number) == Array(1...6))
    for trial in trials where trial.state == .done {
      let trainer = try trained(trial)
      #expect(trial.epochs == 3 && trial.stateSHA256 == trainer.manifest.epochs.last?.stateSHA256)
      #expect(
        trial.validationLoss == trainer.stopping.bestLoss && trial.bestEpoch == trainer.stopping.bestEpoch)
      #expect(trial.seconds > 0 && trial.failure == nil)
    }
    #expect(trials.map(\.state) == [.done, .done, .failed, .done, .done, .failed])
    for trial in trials where trial.state == .failed {
      let reason = try #require(trial.failure)
      #expect(reason.contains("not finite in step") && reason.contains("of epoch") && !reason.contains("/"))
    }
  }

  @Test("Parallel trials give the same result", arguments: [2, 3])
  func jobs(_ count: Int) throws {
    try inFolder { folder in
      let alone = try Support.table(Support.space, in: folder)
      #expect(try Support.table(Support.space, jobs: count, in: folder).facts == alone.facts)
    }
  }

  /// Interrupts as a kill does: nothing that could clean up sees the error.
  private func broken(_ search: Search, after steps: Int, jobs: Int = 1) throws {
    let backends = try Support.backends(jobs).map { backend in
      HookedBackend(backend, afterSteps: steps) {
        throw FileError(action: "write", path: "/full", code: ENOSPC)
      }
    }
    #expect(throws: FileError.self) { try search.run(on: backends) }
  }

  @Test("An interrupted and resumed search gives the same result", arguments: [1, 2], ["grid", "halving"])
  func goesOn(_ jobs: Int, _ strategy: String) throws {
    let text = "strategy: \(strategy)\ntrials: 6\n" + Support.space
    try inFolder { folder in
      let straight = try Support.table(text, in: folder)
      let storage = folder.appendingPathComponent("broken.sqlite")
      // In the first epoch of a trial, after one that was done (those that fail take three steps each), and again.
      for steps in [2, 10, 3] {
        let search = try Search(SearchSpace(text), dataset: Support.dataset(), storage: storage)
        try broken(search, after: steps, jobs: jobs)
        #expect(try search.trials().contains { $0.state == .running })
      }
      let search = try Search(SearchSpace(text), dataset: Support.dataset(), storage: storage)
      var resumed = 0
      for trial in try search.trials() where trial.state != .failed { resumed += trial.epochs }
      #expect(resumed > 0)
      #expect(try search.run(on: Support.backends(jobs)) == .finished)
      #expect(try search.trials().facts == straight.facts)
      let left = try FileManager.default.contentsOfDirectory(atPath: storage.path + ".runs")
      #expect(left.allSatisfy { Int($0) == nil }, "\(left)")
    }
  }

  @Test func aTrialUnderWayGoesOnFromItsCheckpoint() throws {
    try inFolder { folder in
      let storage = folder.appendingPathComponent("a.sqlite")
      var search: Search? = try Search(
        SearchSpace(Support.space), dataset: Support.dataset(), storage: storage)
      // Three steps per epoch: in the second epoch of the first trial.
      try broken(search!, after: 4)
      #expect(try search!.trials()[0].epochs == 1)
      search = nil
      search = try Search(SearchSpace(Support.space), dataset: Support.dataset(), storage: storage)
      // The first trial has six steps left: the seventh is another trial's, so nothing was repeated.
      try broken(search!, after: 7)
      let trials = try search!.trials()
      #expect(trials[0].state == .done && trials[1].state == .running && trials[1].epochs == 0)
    }
  }

  @Test("More jobs than processors train side by side")
  func manyJobs() throws {
    let jobs = ProcessInfo.processInfo.activeProcessorCount + 3
    let text = """
      model: vae
      epochs: 1
      fixed: {hidden: 8, batch-size: 60}
      space: {latent: [\((1...jobs).map(String.init).joined(separator: ", "))]}
      """
    // After the first step of a trial each thread waits for all others.
    let gathering = Gathering(jobs)
    let backends = try (0..<jobs).map { _ in
      HookedBackend(try Support.backends()[0], afterSteps: 1) { gathering.wait() }
    }
    try inFolder { folder in
      let storage = folder.appendingPathComponent("a.sqlite")
      let search = try Search(SearchSpace(text), dataset: Support.dataset(), storage: storage)
      #expect(try search.run(on: backends) == .finished)
      #expect(gathering.isComplete)
      #expect(try search.trials().allSatisfy { $0.state == .done })
    }
  }

  /// An error that the program does not know.
  private struct DeviceLost: Error {}

  @Test("An error that is not of a trial ends the search, and fails none", arguments: [1, 2])
  func unknownErrors(_ jobs: Int) throws {
    try inFolder { folder in
      let straight = try Support.table(Support.space, in: folder)
      let storage = folder.appendingPathComponent("lost.sqlite")
      let search = try Search(SearchSpace(Support.space), dataset: Support.dataset(), storage: storage)
      let backends = try Support.backends(jobs).map {
        HookedBackend($0, afterSteps: 4) { throw DeviceLost() }
      }
      #expect(throws: DeviceLost.self) { try search.run(on: backends) }
      let trials = try search.trials()
      #expect(trials.contains { $0.state == .waiting } && !trials.contains { $0.state == .failed })
      // The same object continues; after the end of a process it would be another one.
      #expect(try search.run(on: Support.backends(jobs)) == .finished)
      #expect(try search.trials().facts == straight.facts)
    }
  }

  @Test(
    "A device lost while resuming a trial leaves the trial's checkpoint", arguments: LostBackend.Call.allCases
  )
  func lostBeforeTheFirstStep(_ call: LostBackend.Call) throws {
    try inFolder { folder in
      let straight = try Support.table(Support.space, in: folder)
      let storage = folder.appendingPathComponent("lost.sqlite")
      let search = try Search(SearchSpace(Support.space), dataset: Support.dataset(), storage: storage)
      // In the second epoch of the first trial.
      try broken(search, after: 4)
      let checkpoint = folder.appendingPathComponent("lost.sqlite.runs/1/checkpoint.safetensors")
      let before = try Data(contentsOf: checkpoint)
      // Lost for this one call only: a trial started anew in its place would succeed.
      let lost = LostBackend(try Support.backends()[0], on: call)
      #expect(throws: LostBackend.Lost.self) { try search.run(on: [lost]) }
      #expect(try Data(contentsOf: checkpoint) == before)
      #expect(try !search.trials().contains { $0.state == .failed })
      #expect(try search.run(on: Support.backends()) == .finished)
      #expect(try search.trials().facts == straight.facts)
    }
  }

  @Test("A trial's folder that others use is waited for by hand, not taken away")
  func foldersInUse() throws {
    try inFolder { folder in
      let storage = folder.appendingPathComponent("a.sqlite")
      let search = try Search(SearchSpace(Support.space), dataset: Support.dataset(), storage: storage)
      try broken(search, after: 4)
      let run = folder.appendingPathComponent("a.sqlite.runs/1")
      let lock = try FolderLock(folder: run)
      #expect(throws: FolderInUse.self) { try search.run(on: Support.backends()) }
      #expect(
        FileManager.default.fileExists(atPath: run.appendingPathComponent("checkpoint.safetensors").path))
      withExtendedLifetime(lock) {}
    }
  }

  @Test(
    "Half a run is begun again", arguments: ["checkpoint.safetensors", "manifest.json", "best.safetensors"])
  func damage(_ name: String) throws {
    try inFolder { folder in
      let straight = try Support.table(Support.space, in: folder)
      for contents in [nil, Data("no such file".utf8)] {
        let storage = folder.appendingPathComponent("\(contents == nil ? "half" : "damaged").sqlite")
        let search = try Search(SearchSpace(Support.space), dataset: Support.dataset(), storage: storage)
        try broken(search, after: 4)
        let file = URL(fileURLWithPath: "\(storage.path).runs/1/\(name)")
        try FileManager.default.removeItem(at: file)
        try contents?.write(to: file)
        #expect(try search.run(on: Support.backends()) == .finished)
        #expect(try search.trials().facts == straight.facts)
      }
    }
  }

  @Test("What another search left under a trial's number is not resumed", arguments: ["seed", "data"])
  func strangers(_ what: String) throws {
    try inFolder { folder in
      let straight = try Support.table(Support.space, in: folder)
      let (mine, others) = (
        folder.appendingPathComponent("a.sqlite"), folder.appendingPathComponent("b.sqlite")
      )
      let text = what == "seed" ? Support.space.replacing("seed: 5", with: "seed: 6") : Support.space
      let dataset = try Support.dataset(train: what == "data" ? 130 : 120)
      // In the second epoch of its first trial.
      try broken(Search(SearchSpace(text), dataset: dataset, storage: others), after: 5)
      let runs = URL(fileURLWithPath: mine.path + ".runs")
      try FileManager.default.createDirectory(at: runs, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: URL(fileURLWithPath: others.path + ".runs/1"), to: runs.appendingPathComponent("1"))
      let search = try Search(SearchSpace(Support.space), dataset: Support.dataset(), storage: mine)
      #expect(try search.run(on: Support.backends()) == .finished)
      #expect(try search.trials().facts == straight.facts)
    }
  }

  @Test func stopsWhenAskedAndGoesOn() throws {
    try inFolder { folder in
      let straight = try Support.table(Support.space, in: folder)
      let storage = folder.appendingPathComponent("stopped.sqlite")
      for steps in [2, 8] {
        let signal = StopSignal()
        let hook = HookedBackend(try Support.backends()[0], afterSteps: steps) { signal.stop() }
        let search = try Search(SearchSpace(Support.space), dataset: Support.dataset(), storage: storage)
        #expect(try search.run(on: [hook], stopSignal: signal) == .interrupted)
        #expect(try search.trials().contains { $0.state == .waiting })
        #expect(try !search.trials().contains { $0.state == .running })
      }
      let search = try Search(SearchSpace(Support.space), dataset: Support.dataset(), storage: storage)
      #expect(try search.run(on: Support.backends()) == .finished)
      #expect(try search.trials().facts == straight.facts)
      // Nothing is left to do.
      #expect(
        try search.run(on: [HookedBackend(Support.backends()[0], afterSteps: 1) { Issue.record("trained") }])
          == .finished)
    }
  }

  private static let halving = """
    model: vae
    strategy: halving
    trials: 7
    eta: 2
    epochs: 4
    fixed: {hidden: 12, batch-size: 37, seed: 5}
    space:
      latent: {min: 1, max: 6}
      learning-rate: {min: 1e-5, max: 0.05, log: true}
    """

  @Test func theBestOfARungGoOn() throws {
    let trials = try inFolder { try Support.table(Self.halving, jobs: 2, in: $0) }
    // 7 trials of 1 epoch, 3 of 2, 1 of 4.
    #expect([0, 1, 2].map { rung in trials.count { $0.rung == rung } } == [4, 2, 1])
    var standing = trials
    for (epochs, survivors) in [(1, 3), (2, 1)] {
      let losses = try standing.map {
        (number: $0.number, loss: try trained($0, through: epochs).stopping.bestLoss!)
      }
      let best = losses.sorted { ($0.loss, $0.number) < ($1.loss, $1.number) }.prefix(survivors).map(\.number)
      let (up, out) = (
        standing.filter { best.contains($0.number) }, standing.filter { !best.contains($0.number) }
      )
      #expect(out.allSatisfy { $0.epochs == epochs }, "out after \(epochs)")
      #expect(up.allSatisfy { $0.epochs > epochs }, "on after \(epochs)")
      standing = up
    }
    // The survivor is the run that never stopped.
    #expect(standing[0].epochs == 4)
    #expect(try standing[0].stateSHA256 == trained(standing[0]).manifest.epochs.last?.stateSHA256)
  }

  @Test func tiesGoToTheLowerNumber() throws {
    // A learning rate of 0: every trial of a latent width has the same loss, whatever its momentum.
    let text = """
      model: vae
      strategy: halving
      trials: 4
      eta: 2
      epochs: 2
      fixed: {hidden: 12, batch-size: 37, optimizer: momentum, learning-rate: 0, latent: 2}
      space: {momentum: [0.1, 0.2, 0.3, 0.4]}
      """
    let trials = try inFolder { try Support.table(text, jobs: 2, in: $0) }
    #expect(Set(trials.map(\.validationLoss)).count == 1)
    #expect(trials.map(\.rung) == [1, 1, 0, 0] && trials.map(\.epochs) == [2, 2, 1, 1])
  }

  @Test func failedTrialsDoNotSurvive() throws {
    let text = "strategy: halving\ntrials: 6\neta: 2\n" + Support.space
    let trials = try inFolder { try Support.table(text, in: $0) }
    #expect(trials.count { $0.state == .failed } == 2)
    #expect(trials.filter { $0.state == .failed }.allSatisfy { $0.rung == 0 && $0.failure != nil })
    #expect(trials.filter { $0.rung == 1 }.count == 3)
  }
}
