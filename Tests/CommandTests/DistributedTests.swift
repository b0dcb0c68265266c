import Foundation
import Models
import Synchronization
import TestSupport
import Testing

/// One model in several processes, with every MPI that is installed.
@Suite("Over MPI", .enabled(if: MPI.areWanted), .serialized)
struct DistributedTests {
  private let place: TemporaryFolder
  private static let refusals = [
    (["latent=3"], "data", "rank 1 has another configuration than rank 0: latent=3, not latent=4", Int32(2)),
    ([], "other", "rank 1 has another data set than rank 0", 2),
    ([], "nowhere", "rank 1: no data set 'nowhere'", 2),
  ]

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset(train: 200, test: 30)
  }

  @Test("Both are there where they are required", .enabled(if: MPI.isRequired))
  func both() { #expect(MPI.launchers.map(\.description) == ["Open MPI", "MPICH"]) }

  private func states(_ run: String) throws -> [String] {
    struct Manifest: Decodable {
      struct Epoch: Decodable { let stateSha256: String }
      let epochs: [Epoch]
    }
    return try Facsimile.decode(Manifest.self, Data(contentsOf: place.file("\(run)/manifest.json"))).epochs
      .map(\.stateSha256)
  }

  private func settings(_ kind: ModelKind, epochs: Int = 100_000) -> [String] {
    [
      "train", kind.rawValue, "--data", "data", "--epochs", "\(epochs)", "--batch-size", "32", "--set",
      "shards=8",
      "hidden=16", "latent=4",
    ] + (kind == .vae ? [] : ["filters=4,4,4"])
  }

  /// Starts or resumes `run` on `devices`, and sends the signal to a rank after `epoch`.
  private func train(
    _ mpi: MPI, _ arguments: [String], on devices: [[String]], through epoch: Int, signal: Int32
  ) throws -> Facsimile.Result {
    let stop = Facsimile.Stop(signal: signal, text: " \(epoch)/100000", target: MPI.rank)
    return try mpi.run(
      devices.map { arguments + ["--distributed", "mpi", "--device"] + $0 }, in: place.url, stop: stop)
  }

  @Test(
    "Begun by two processes, stopped at a rank, resumed by five on several devices, killed, resumed by three and by one",
    arguments: MPI.launchers, ModelKind.allCases)
  func everywhere(_ mpi: MPI, _ kind: ModelKind) throws {
    let cpu = ["cpu", "--threads", "1"]
    try stopAndKill(
      mpi, kind, on: [cpu, TestDevices.areThere ? ["opencl"] : cpu, ["cpu", "--threads", "2"]])
  }

  @Test("The same, every rank on OpenCL", .enabled(if: TestDevices.areWanted), arguments: MPI.launchers)
  func openCL(_ mpi: MPI) throws { try stopAndKill(mpi, .convVAE, on: [["opencl"]]) }

  /// The ranks get `devices` in turn.
  private func stopAndKill(_ mpi: MPI, _ kind: ModelKind, on devices: [[String]]) throws {
    func ranks(_ count: Int) -> [[String]] { (0..<count).map { devices[$0 % devices.count] } }
    let begun = try train(mpi, settings(kind) + ["--out", "run"], on: ranks(2), through: 1, signal: SIGTERM)
    #expect(begun.status == 130, "\(begun.errors)")
    #expect(begun.errors.contains("stopped"), "\(begun.errors)")
    let stopped = try states("run").count

    let resumed = ["train", "--resume", "run"]
    let killed = try train(mpi, resumed, on: ranks(5), through: stopped + 1, signal: SIGKILL)
    #expect(killed.status != 0 && killed.status != 130)
    let saved = try states("run").count
    #expect(saved > stopped)

    let third = try train(mpi, resumed, on: ranks(3), through: saved + 1, signal: SIGTERM)
    #expect(third.status == 130, "\(third.errors)")
    let last = try states("run").count
    let alone = try Facsimile.run(
      resumed + ["--device", "cpu"], in: place.url, stop: .interrupt(after: " \(last + 1)/100000"))
    #expect(alone.status == 130, "\(alone.errors)")
    try expectPlainStates(kind)
  }

  /// Compares the run with an uninterrupted one in one process.
  private func expectPlainStates(_ kind: ModelKind) throws {
    let expected = try states("run")
    let plain = try Facsimile.run(
      settings(kind) + ["--out", "plain", "--device", "cpu"], in: place.url,
      stop: .interrupt(after: " \(expected.count)/100000"))
    #expect(plain.status == 130)
    #expect(try Array(states("plain").prefix(expected.count)) == expected)
  }

  @Test(
    "A rank that is killed: one line says so, the job ends within seconds, and another number of ranks resumes",
    arguments: MPI.launchers)
  func killed(_ mpi: MPI) throws {
    let began = Mutex<ContinuousClock.Instant?>(nil)
    let stop = Facsimile.Stop(signal: SIGKILL, text: " 2/100000") { launcher in
      began.withLock { $0 = .now }
      return MPI.rank(of: launcher)
    }
    let common = ["--device", "cpu", "--threads", "1", "--distributed", "mpi"]
    let result = try mpi.run(
      [[String]](repeating: settings(.vae) + ["--out", "run"] + common, count: 4), in: place.url, stop: stop)
    let took = try #require(began.withLock { $0 }).duration(to: .now)
    #expect(took < .seconds(20) && result.status != 0 && result.status != 130, "\(took), \(result.status)")
    let lines = result.errors.split(separator: "\n").filter { !$0.isEmpty && !mpi.says($0) }
    let ours = lines.filter { $0.hasPrefix("error: rank ") && $0.contains(" was lost (process ") }
    if mpi.description == "MPICH" {
      // Its launcher may kill the others before they report, and then reports itself; the library may print lines too.
      let isSaid = result.output.contains("BAD TERMINATION")
      #expect(ours.count == 1 || ours.isEmpty && isSaid, "\(result.errors)")
    } else {
      #expect(ours.count == 1 && lines == ours, "\(result.errors)")
    }

    let saved = try states("run").count
    #expect(saved >= 2)
    let resumed = try train(
      mpi, ["train", "--resume", "run"], on: [[String]](repeating: ["cpu", "--threads", "1"], count: 3),
      through: saved + 1, signal: SIGTERM)
    // One rank reports, whichever got the signal.
    #expect(
      resumed.status == 130 && resumed.errors.contains("; everything so far is kept"), "\(resumed.errors)")
    try expectPlainStates(.vae)
  }

  @Test("Eight processes, from the weights of a run", arguments: MPI.launchers)
  func eight(_ mpi: MPI) throws {
    let encoder = settings(.convAutoencoder, epochs: 1) + ["--out", "encoder", "--device", "cpu"]
    #expect(try Facsimile.run(encoder, in: place.url).status == 0)
    let classifier =
      [
        "train", "classifier", "--from", "encoder", "--trainable", "last-2:1,all:1", "--device", "cpu",
        "--threads", "1",
      ]
      + settings(.classifier).suffix(5)
    let alone = try Facsimile.run(classifier + ["--out", "alone"], in: place.url)
    #expect(alone.status == 0, "\(alone.errors)")
    let arguments = classifier + ["--out", "run", "--distributed", "mpi"]
    let result = try mpi.run([[String]](repeating: arguments, count: 8), in: place.url)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try states("run") == states("alone"))
    // Only one rank reports.
    #expect(result.output.split(separator: "\n").count { $0.hasPrefix("epoch ") } == 2, "\(result.output)")
    #expect(try Facsimile.run(["verify", "run", "--device", "cpu"], in: place.url).status == 0)
  }

  @Test("A rank that lacks something or differs is named before anything is made", arguments: MPI.launchers)
  func refused(_ mpi: MPI) throws {
    try place.putDataset("other", train: 201, test: 30)
    let common = ["--out", "run", "--device", "cpu", "--threads", "1", "--distributed", "mpi"]
    for (more, data, text, status) in Self.refusals {
      var other = settings(.vae)
      other[3] = data
      if !more.isEmpty { other = other.filter { !$0.hasPrefix("latent=") } + more }
      let result = try mpi.run([settings(.vae) + common, other + common], in: place.url)
      #expect(result.status == status, "\(result.errors)")
      let lines = result.errors.split(separator: "\n").filter { $0.hasPrefix("error: ") }
      #expect(lines.count == 1 && lines[0].contains(text), "\(result.errors)")
      #expect(try !place.names().contains("run"))
    }
    let many = try mpi.run(
      [[String]](repeating: settings(.vae) + common, count: 9), in: place.url)
    #expect(many.status == 64, "\(many.errors)")
    #expect(
      many.errors.contains("shards is 8: expected at least as many parts as processes, 9"), "\(many.errors)")
    #expect(try !place.names().contains("run"))
  }

  @Test("Cross-validation, search and evaluation: the figures of one process", arguments: MPI.launchers)
  func figures(_ mpi: MPI) throws {
    let space =
      "model: vae\nepochs: 2\nfixed: {hidden: 8, batch-size: 32, shards: 3}\nspace: {latent: [2, 3]}\n"
    try place.put("s.yaml", Data(space.utf8))
    let device = ["--device", "cpu", "--threads", "1", "--json"]
    let run = settings(.classifier, epochs: 1) + ["--out", "run", "--device", "cpu"]
    #expect(try Facsimile.run(run, in: place.url).status == 0)
    let commands = [
      [
        "cross-validate", "vae", "--data", "data", "--folds", "2", "--epochs", "1", "--set", "hidden=8",
        "shards=3",
      ],
      ["search", "s.yaml", "--data", "data"], ["evaluate", "run", "--split", "train"],
    ]
    func figures(_ result: Facsimile.Result) -> [Substring] {
      #expect(result.status == 0, "\(result.errors)")
      return result.output.split(separator: "\n").filter {
        !$0.contains("seconds") && !$0.contains("storage")
      }
    }
    for command in commands {
      let isSearch = command[0] == "search"
      let alone = try Facsimile.run(
        command + device + (isSearch ? ["--storage", "alone.sqlite"] : []), in: place.url)
      let rank =
        command + device + ["--distributed", "mpi"] + (isSearch ? ["--storage", "many.sqlite"] : [])
      let many = try mpi.run([[String]](repeating: rank, count: 3), in: place.url)
      #expect(figures(many) == figures(alone), "\(command[0])")
    }
    let jobs = ["search", "s.yaml", "--data", "data", "--jobs", "2", "--distributed", "mpi"] + device
    let refused = try mpi.run([jobs, jobs], in: place.url)
    #expect(refused.status == 64 && refused.errors.contains("error: --jobs is 2"), "\(refused.errors)")
  }

  @Test("Some ranks keep all images in memory, others a window of them", arguments: MPI.launchers)
  func window(_ mpi: MPI) throws {
    try place.putDataset("many", train: 700, test: 30)
    var train = settings(.convVAE, epochs: 2) + ["--device", "cpu", "--threads", "1"]
    train[3] = "many"
    #expect(try Facsimile.run(train + ["--out", "alone"], in: place.url).status == 0)
    let (small, large) = (["--data-memory", "1kB"], ["--data-memory", "1GB"])
    for (number, ranks) in [[small, small], [large, small, []]].enumerated() {
      let run = "run\(number)"
      let result = try mpi.run(
        ranks.map { train + ["--out", run, "--distributed", "mpi"] + $0 }, in: place.url)
      #expect(result.status == 0, "\(result.errors)")
      #expect(try states(run) == states("alone"))
    }
    func figures(_ result: Facsimile.Result) -> [Substring] {
      #expect(result.status == 0, "\(result.errors)")
      return result.output.split(separator: "\n").filter { !$0.contains("\"seconds\"") }
    }
    let evaluate = ["evaluate", "run0", "--split", "train", "--samples", "3", "--device", "cpu", "--json"]
    let alone = try Facsimile.run(evaluate, in: place.url)
    let many = try mpi.run(
      [small, large].map { evaluate + ["--threads", "1", "--distributed", "mpi"] + $0 }, in: place.url)
    #expect(figures(many) == figures(alone))
  }

  @Test("A folder that is not empty: one line, and nothing is touched", arguments: MPI.launchers)
  func folder(_ mpi: MPI) throws {
    try place.put("full/letter.txt", Data("dear".utf8))
    let rank = settings(.vae) + ["--out", "full", "--device", "cpu", "--distributed", "mpi"]
    let result = try mpi.run([rank, rank], in: place.url)
    #expect(result.status == 2)
    let lines = result.errors.split(separator: "\n").filter { $0.hasPrefix("error: ") }
    #expect(
      lines.count == 1 && lines[0].contains("full is not empty: it holds letter.txt"), "\(result.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.path("full")) == ["letter.txt"])
  }

  @Test(
    "Processes that each are alone in MPI are refused by one line",
    arguments: [("SLURM_NTASKS", "SLURM_PROCID")]
      + (MPI.launchers.contains { $0.description == "MPICH" } ? [("PMI_SIZE", "PMI_RANK")] : []))
  func eachAlone(_ size: String, _ rank: String) throws {
    for process in 0..<2 {
      let result = try Facsimile.run(
        settings(.vae, epochs: 1) + ["--out", "run", "--device", "cpu", "--distributed", "mpi"],
        in: place.url,
        environment: [size: "2", rank: "\(process)"])
      #expect(result.status == 2 && result.output.isEmpty, "\(result.output)")
      let lines = result.errors.split(separator: "\n")
      #expect(lines.count == (process == 0 ? 1 : 0), "\(result.errors)")
      #expect(
        lines.allSatisfy {
          $0.hasPrefix("error: 2 processes were started, but ") && $0.contains("--mpi=pmi2")
        })
    }
    #expect(try !place.names().contains("run"))
  }

  @Test("An unknown kind of job")
  func unknown() throws {
    try Facsimile.expectFailure(
      settings(.vae) + ["--distributed", "pvm"], status: 64, "--distributed is 'pvm': expected mpi",
      in: place.url)
  }
}
