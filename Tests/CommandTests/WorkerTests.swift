import Foundation
import Synchronization
import TestSupport
import Testing

/// Searches of several processes in one PostgreSQL database.
@Suite("Many workers from the command line")
struct WorkerTests {
  private let place: TemporaryFolder

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset(train: 120, test: 20)
    try place.put(
      "space.yaml",
      Data(
        """
        model: vae
        epochs: 3
        fixed: {batch-size: 20, hidden: 8, seed: 7}
        space: {latent: [2, 3, 4, 5], learning-rate: [0.01, 0.003, 0.001, 0.0001]}
        """.utf8))
  }

  private func search(
    _ storage: String, _ more: [String] = [], _ environment: [String: String] = [:],
    stop: Facsimile.Stop? = nil
  ) throws -> Facsimile.Result {
    try Self.search(in: place.url, storage, more, environment, stop: stop)
  }

  private static func search(
    in folder: URL, _ storage: String, _ more: [String], _ environment: [String: String],
    stop: Facsimile.Stop? = nil
  ) throws -> Facsimile.Result {
    try Facsimile.run(
      ["search", "space.yaml", "--data", "data", "--device", "cpu", "--threads", "1", "--storage", storage]
        + more, in: folder, environment: environment, stop: stop)
  }

  /// The table without seconds.
  private func table(_ result: Facsimile.Result) -> [Substring] {
    result.output.split(separator: "\n").filter { !$0.contains("\"seconds\"") }
  }

  @Test(
    "One worker is stopped, one killed, and two go on: the table of a lone one, and the password in no file or message",
    .enabled(if: PostgreSQLServer.isWanted, "no PostgreSQL server is installed"))
  func kills() throws {
    let address = try PostgreSQLServer.shared.get().place(knowsPassword: false).address
    let password = ["PGPASSWORD": PostgreSQLServer.password]
    let alone = try search("alone.sqlite", ["--json"])
    #expect(alone.status == 0, "\(alone.errors)")
    let stopped = try search(address, [], password, stop: .interrupt(after: "(2/16)"))
    try #require(stopped.status == 130, "it ended before it could be stopped: \(stopped.errors)")
    // Among them the manifest of the trial in progress, with the command line.
    let files = try place.everything()
    #expect(files.contains { $0.lastPathComponent == "manifest.json" })
    for file in files {
      #expect(try Data(contentsOf: file).range(of: Data(PostgreSQLServer.password.utf8)) == nil, "\(file)")
    }
    let killed = try search(address, ["--lease", "2"], password, stop: .kill(after: "\ntrial "))
    try #require(killed.status == 128 + SIGKILL, "it ended before it could be killed: \(killed.errors)")
    let results = Mutex<[Facsimile.Result]>([])
    let folder = place.url
    DispatchQueue.concurrentPerform(iterations: 2) { _ in
      do {
        let result = try Self.search(in: folder, address, ["--lease", "2", "--json"], password)
        results.withLock { $0.append(result) }
      } catch {
        Issue.record(error)
      }
    }
    for result in results.withLock({ $0 }) {
      #expect(result.status == 0 && table(result) == table(alone), "\(result.errors)")
      #expect(!(result.output + result.errors).contains(PostgreSQLServer.password))
    }
    #expect(results.withLock { $0.count } == 2)
    let wrong = try search(address, [], ["PGPASSWORD": "wr0ng"])
    #expect(wrong.status == 2 && wrong.errors.contains("password authentication failed"), "\(wrong.errors)")
    #expect(!wrong.errors.contains("wr0ng"))
  }

  @Test("Addresses that cannot be are refused, and leave nothing")
  func refusals() throws {
    let before = try place.names()
    for (address, words) in [
      ("mysql://host/d", "unknown scheme 'mysql://': expected the path of a file, or postgresql://"),
      ("postgresql://u:hunter2@h/d", "PGPASSFILE"),
    ] {
      let result = try search(address)
      #expect(result.status == 64 && result.errors.hasPrefix("error: --storage: "), "\(result.errors)")
      #expect(result.errors.contains(words) && !result.errors.contains("hunter2"), "\(result.errors)")
    }
    let lease = try search("a.sqlite", ["--lease", "9"])
    #expect(lease.status == 64 && lease.errors.contains("--lease is of a search in PostgreSQL"))
    #expect(try place.names() == before)
  }
}

extension TemporaryFolder {
  /// All files inside, at any depth.
  fileprivate func everything() throws -> [URL] {
    let all = FileManager.default.enumerator(at: url, includingPropertiesForKeys: [.isRegularFileKey])
    return try (all?.allObjects as? [URL] ?? []).filter {
      try $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
    }
  }
}
