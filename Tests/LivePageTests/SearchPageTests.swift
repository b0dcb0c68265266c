import Foundation
import LivePage
import Search
import Storage
import TestSupport
import Testing
import Training

/// Searches; looking at them changes nothing.
@Suite struct SearchPageTests {
  private static let space = """
    model: vae
    epochs: 1
    fixed: {hidden: 8, batch-size: 16}
    space: {latent: [2, 3], learning-rate: [0.001, 0.01]}
    """

  @Test(
    "A search under way, whose trials are still in its log, and a finished one; nothing in the folder changes"
  )
  func searches() throws {
    let served = try Served { try Example.put("vae", in: $0) }
    let storage = served.place.file("space.sqlite")
    var search: Search? = try Search(
      SearchSpace(Self.space), dataset: Example.dataset.get(), storage: storage)
    let signal = StopSignal()
    _ = try search!.run(on: [cpu(1)], stopSignal: signal) { event in
      if case .ended(let trial) = event, trial.number == 2 { signal.stop() }
    }
    // The connection is open, so the log exists.
    #expect(Files.exists(storage.path + "-wal"))
    let before = try Self.snapshot(served.place.url)
    let row = try waitForRow(served) { $0["done_count"] as? Int == 2 }
    #expect(row["state"] as? String == "searching" && row["trial_count"] as? Int == 4)
    let detail = try served.get("/api/search?path=space%2Esqlite").json()
    #expect(detail["keys"] as? [String] == ["latent", "learning-rate"])
    for target in [
      "/", "/live.js", "/api/runs", "/api/run?path=vae", "/picture?path=vae&epoch=1", "/report?path=vae",
      "/api/search?path=space%2Esqlite",
    ] { _ = try served.get(target) }
    #expect(try Self.snapshot(served.place.url) == before)

    _ = try search!.run(on: [cpu(1)])
    let table = try SearchTable(search!)
    search = nil
    let finished = try waitForRow(served) { $0["state"] as? String == "finished" }
    #expect(finished["best_loss"] as? Double == table.trials[0].validationLoss)
    let after = try Self.snapshot(served.place.url)
    let found = try StoredSearch(reading: storage)
    #expect(found.table.trials == table.trials && found.table.command == table.command)
    #expect(found.keys == ["latent", "learning-rate"] && found.table.spaceSHA256 == table.spaceSHA256)
    #expect(try Self.snapshot(served.place.url) == after)
  }

  @Test("A damaged storage is shown as that; other SQLite files are not shown")
  func damaged() throws {
    let served = try Served { place in
      let search = try Search(
        SearchSpace(Self.space), dataset: Example.dataset.get(), storage: place.file("space.sqlite"))
      _ = try search.run(on: [cpu(1)])
    }
    let storage = served.place.file("space.sqlite")
    _ = try waitForRow(served) { $0["state"] as? String == "finished" }
    let whole = try Data(contentsOf: storage)
    try whole.prefix(whole.count / 2).write(to: storage)
    let row = try waitForRow(served) { $0["state"] as? String == "damaged" }
    #expect((row["problem"] as? String)?.hasPrefix("space.sqlite") == true)
    // A table that in fact is a program.
    try whole.write(to: storage)
    do {
      let database = try SQLite(path: storage.path)
      try database.execute(
        "DROP TABLE trial; CREATE VIEW trial AS WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v FROM n) SELECT v FROM n"
      )
    }
    let error = #expect(throws: SearchError.self) { try StoredSearch(reading: storage) }
    #expect(error?.description.contains("more than the tables") == true)
    var other = whole
    other.replaceSubrange(68..<72, with: [1, 2, 3, 4])
    try other.write(to: storage)
    for _ in 0..<100 where try !served.list("searches").isEmpty { usleep(20_000) }
    #expect(try served.list("searches").isEmpty)
  }

  private func waitForRow(_ served: Served, _ isIt: ([String: Any]) -> Bool) throws -> [String: Any] {
    var row: [String: Any]?
    for _ in 0..<200 {
      row = try served.list("searches").first
      if let row, isIt(row) { return row }
      usleep(50_000)
    }
    return try #require(row)
  }

  /// Names, times and contents of everything in a folder.
  private static func snapshot(_ url: URL) throws -> [String] {
    try Files.entries(in: url).sorted { $0.name < $1.name }.flatMap { name, kind -> [String] in
      let place = url.appendingPathComponent(name)
      var status = stat()
      _ = place.path.withSystemPath { lstat($0, &status) }
      let time = "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
      guard kind == .folder else { return ["\(place.path) \(time) \(try Fingerprint.hex(ofFile: place))"] }
      return try ["\(place.path) \(time)"] + snapshot(place)
    }
  }
}
