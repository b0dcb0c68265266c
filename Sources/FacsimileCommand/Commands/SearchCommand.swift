import ArgumentParser
import Backends
import Foundation
import Models
import Numerics
import Programs
import Search
import Storage
import Training

/// `facsimile search`
struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Trains many configurations of a model and ranks them.",
    discussion: """
      The space is a YAML file:
        model: conv-autoencoder
        epochs: 10
        fixed:
          batch-size: 128
        space:
          latent: [2, 4, 10]
          filters: {layers: [[8, 16], [16, 32], [32, 64]]}
          learning-rate: {min: 0.0001, max: 0.1, log: true}
      Lists work with every strategy, ranges with random and halving. A full grid runs in order, the last key varying \
      fastest; --trials takes a random sample of that many combinations. The file may also set 'strategy', 'trials' and \
      'eta' (halving: one in eta trials continues; default 3).

      Trials are stored in an SQLite file. The same command resumes a search that was stopped or killed. The resulting \
      table is the same regardless of interruptions, --jobs and devices.

      With --storage postgresql://[user@]host[:port]/database any number of processes on any machines may run the same \
      command: each claims trials until none is left, and all end with the same table. A trial whose worker is killed \
      returns after --lease seconds; a server that is gone is waited for, up to 10 minutes. Passwords come from ~/.pgpass \
      (PGPASSFILE), PGPASSWORD or a service file, never from the address. A database (or schema: \
      ?options=-csearch_path%3DNAME) holds one search.

      Examples:
        facsimile search tools/study-grid.yaml --data mnist --trials 24 --epochs 2
        facsimile search space.yaml --data mnist --strategy halving --trials 27 --epochs 9
        facsimile search space.yaml --data mnist --storage results.sqlite --json
        facsimile search space.yaml --data mnist --storage postgresql://db.example.org/search
      """)

  @Argument(help: ArgumentHelp("The space, a YAML file.", valueName: "space"), completion: .file())
  var space: String

  @Option(help: "Search strategy (default: from the space file, else grid).")
  var strategy: Strategy?

  @Option(
    help:
      "Number of trials (default: from the space file, else the full grid; required by random and halving).")
  var trials: Int?

  @Option(
    help: ArgumentHelp(
      "SQLite file for the trials (default: the name of the space with .sqlite, in the current folder), or a database "
        + "for many workers, postgresql://host/name.",
      valueName: "place"))
  var storage: String?

  @Option(
    help: ArgumentHelp(
      "With PostgreSQL: time after which the trial of a worker that was killed is given to another (default: 60).",
      valueName: "seconds"))
  var lease: Int?

  @Option(help: "Number of trials to train in parallel; they share the CPU's threads.")
  var jobs = 1

  @Option(help: "Epochs per trial (default: from the space file, else 20).")
  var epochs: String?

  @Option(help: "Random seed of sampling and training (default: from the space file, else 11).")
  var seed: String?

  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions
  @OptionGroup var distribution: DistributionOptions
  @OptionGroup var output: OutputOptions

  func run() throws { try distribution.run(named) }

  private func named(_ job: Job?) throws {
    do {
      try search(job)
    } catch let error as SearchError where error.kind == .space {
      throw UsageError("\(space): \(error.description)")
    } catch let error as ConfigurationError {
      throw UsageError("\(space): \(error)")
    }
  }

  private func search(_ job: Job?) throws {
    try require("--jobs", jobs, in: 1...64)
    try require("--lease", lease, in: 2...86_400)
    let place = try place()
    if job != nil {
      if jobs > 1 {
        throw UsageError("--jobs is \(jobs): with --distributed the processes train one trial at a time")
      }
      if case .server = place {
        throw UsageError(
          "--storage is a server: with --distributed the processes train one trial of a file at a time; "
            + "workers of a server are started one by one")
      }
    }
    let means = try job?.means(data: data.load, device: device, isAside: output.json) {
      nil
    } check: {
      try requireParts(SearchSpace(text(), changes()), job!.group.count)
    }
    if let job, let means { try job.lead(means) }
    let checked = try SearchSpace(text(), changes())
    let dataset = try means?.dataset ?? data.load()
    // All checks come before the storage is created.
    let backends = try means.map { [$0.backend] } ?? backends()
    let search =
      switch place {
      case .file(let path): try Search(checked, dataset: dataset, storage: URL(systemPath: path))
      case .server(let address):
        try Search(
          checked, dataset: dataset, server: address, runs: URL(systemPath: spaceName),
          lease: Double(lease ?? 60)
        ) { Console.note($0) }
      }
    let known = try search.trials()
    let reporter = SearchReporter(checked, trials: known, isAside: output.json)
    Console.tell(
      "search: \(checked.strategy.rawValue)\(Self.cut(checked)) · \(counted(checked.trials, "trial"))"
        + (jobs > 1 ? ", \(jobs) side by side" : "") + " · \(dataset.title) · \(search.storage)",
      isAside: output.json)
    let outcome = try search.run(
      on: backends, crew: job?.crew, stopSignal: StopSignal.onInterrupt()
    ) { reporter.report($0) }
    reporter.finish()
    let table = try SearchTable(search, data: data.data)
    if outcome == .interrupted {
      let left = checked.trials - table.trials.count { $0.state == .done || $0.state == .failed }
      Console.note(
        "stopped with \(Format.count(left)) of \(counted(checked.trials, "trial")) to go; "
          + "the same command resumes it")
      throw ExitCode(ExitStatus.interrupted)
    }
    if output.json { try Console.json(table) } else { show(table, keys: checked.axes.map(\.key)) }
    // All trials failed.
    if table.command == nil { throw ExitCode(ExitStatus.no) }
  }

  /// ` (drawn from 49,152 by seed 11)` if only a sample of a grid is searched.
  private static func cut(_ space: SearchSpace) -> String {
    guard space.strategy == .grid, space.isDrawn else { return "" }
    let count = SearchSpace.combinations(space.axes).map(Format.count) ?? "more than 2^63"
    return " (drawn from \(count) by seed \(space.seed))"
  }

  /// Trials whose own settings give too few parts fail one by one.
  private func requireParts(_ space: SearchSpace, _ ranks: Int) throws {
    guard !space.axes.contains(where: { ["shards", "batch-size"].contains($0.key) }) else { return }
    try space.base.requireParts(for: ranks)
  }

  private func text() throws -> String {
    let data = try readInput(URL(systemPath: space), upTo: YAMLText.mostBytes)
    guard let text = String(data: data, encoding: .utf8) else {
      throw CommandFailure("cannot read \(space): expected a YAML file with model, fixed and space")
    }
    return text
  }

  private func changes() -> SearchSpace.Changes {
    var changes = SearchSpace.Changes()
    (changes.strategy, changes.trials, changes.epochs, changes.seed) = (strategy, trials, epochs, seed)
    return changes
  }

  private func place() throws -> SearchPlace {
    do {
      let place = try SearchPlace(storage ?? "\(spaceName).sqlite")
      if lease != nil, case .file = place {
        throw UsageError("--lease is of a search in PostgreSQL: expected --storage postgresql://… with it")
      }
      return place
    } catch let error as SearchError where error.kind == .address {
      throw UsageError("--storage: \(error)")
    }
  }

  private var spaceName: String { URL(systemPath: space).deletingPathExtension().lastPathComponent }

  /// One device per job; only the first is printed, since they are all the same.
  private func backends() throws -> [any Backend] {
    let all = try device.threads.count()
    var shared = device
    shared.threads.threads = max(1, all / jobs)
    let first = try shared.open(isAside: output.json)
    let catalog = DeviceCatalog(threads: shared.threads.threads)
    let others = try (1..<jobs).map { _ in try catalog.open(DeviceChoice(first.device.identifier)).backend }
    return [first] + others
  }

  // MARK: - The table

  private func show(_ table: SearchTable, keys: [String]) {
    let header = ["", "trial"] + keys + ["loss", "epoch", "of", "seconds", "state", "sha256"]
    let rows = table.trials.enumerated().map { place, row in
      ["\(place + 1)", "\(row.number)"] + keys.map { row.settings[$0] ?? "" } + [
        row.validationLoss.map(Format.loss) ?? "–", "\(row.bestEpoch)", "\(row.epochs)",
        Format.fixed(row.seconds, 1), row.state.rawValue,
        row.stateSHA256.map { String($0.prefix(12)) } ?? "–",
      ]
    }
    let right = Set(0..<2 + keys.count + 4)
    Console.say(Format.table([header] + rows, right: right))
    for row in table.trials {
      if let failure = row.failure { Console.say("trial \(row.number) failed: \(failure)") }
    }
    if let command = table.command { Console.say("the best: \(command)") }
  }
}

extension Strategy: ExpressibleByArgument {}
