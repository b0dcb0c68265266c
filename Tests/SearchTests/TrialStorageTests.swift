import Foundation
import Search
import TestSupport
import Testing

@Suite struct TrialStorageTests {
  private let small = """
    model: vae
    epochs: 1
    fixed: {hidden: 8, batch-size: 60}
    space: {latent: [2, 3, 4]}
    """

  private func begin(_ text: String, _ url: URL, train: Int = 120, trials: Int? = nil) throws -> Search {
    var changes = SearchSpace.Changes()
    changes.trials = trials
    return try Search(
      SearchSpace(text, changes), dataset: Support.dataset(train: train), storage: url, patience: 1.5)
  }

  /// The error line when a storage cannot be opened.
  private func refusal(_ body: () throws -> Search) -> String {
    let error = #expect(throws: SearchError.self) { try body() }
    #expect(error?.kind == .storage)
    return error?.description ?? ""
  }

  @Test func isThatOfOneSpaceAndOneDataSet() throws {
    try inFolder { folder in
      let url = folder.appendingPathComponent("a.sqlite")
      _ = try begin(small, url)
      let other = small.replacingOccurrences(of: "epochs: 1", with: "epochs: 2")
      #expect(refusal { try begin(other, url) }.contains("it has 'epochs: 1', this one 'epochs: 2'"))
      let reordered = small.replacingOccurrences(of: "[2, 3, 4]", with: "[2, 4, 3]")
      #expect(refusal { try begin(reordered, url) }.contains("'space latent: 2 | 3 | 4'"))
      #expect(refusal { try begin(small, url, train: 130) }.contains("a search on other data: blobs"))
      #expect(try begin(small, url).trials().count == 3)
    }
  }

  @Test func growsButDoesNotShrink() throws {
    try inFolder { folder in
      let url = folder.appendingPathComponent("a.sqlite")
      do {
        let search = try begin(small, url, trials: 2)
        _ = try search.run(on: Support.backends())
      }
      #expect(refusal { try begin(small, url, trials: 1) }.contains("has 2 trials already"))
      // A sample is drawn, and keeps its numbers when it grows to the whole grid.
      let search = try begin(small, url)
      #expect(try search.trials().map(\.state) == [.done, .done, .waiting])
      _ = try search.run(on: Support.backends())
      func outcomes(_ trials: [Trial]) -> Set<String> {
        Set(trials.map { "\($0.configuration["latent"]!) \($0.stateSHA256 ?? "none")" })
      }
      #expect(try outcomes(search.trials()) == outcomes(Support.table(small, in: folder)))
    }
  }

  @Test func isForOneSearchAtATime() throws {
    try inFolder { folder in
      let url = folder.appendingPathComponent("a.sqlite")
      let first = try begin(small, url)
      #expect(refusal { try begin(small, url) }.contains("is in use by process \(getpid())"))
      // Under another name too.
      let link = folder.appendingPathComponent("b.sqlite")
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: url)
      #expect(refusal { try begin(small, link) }.contains("is in use"))
      #expect(try first.trials().count == 3)
    }
  }

  @Test func refusesFilesThatAreNotItsOwn() throws {
    try inFolder { folder in
      let text = folder.appendingPathComponent("text.sqlite")
      try Data(String(repeating: "no database ", count: 100).utf8).write(to: text)
      #expect(
        refusal { try begin(small, text) }.contains("text.sqlite cannot be used: file is not a database"))
      let foreign = folder.appendingPathComponent("foreign.sqlite")
      try SQLite(path: foreign.path).execute("CREATE TABLE birds (name TEXT)")
      let before = try Data(contentsOf: foreign)
      #expect(refusal { try begin(small, foreign) }.contains("not of a search"))
      #expect(try Data(contentsOf: foreign) == before)
      let newer = folder.appendingPathComponent("newer.sqlite")
      _ = try begin(small, newer)
      try SQLite(path: newer.path).execute("PRAGMA user_version = 9")
      #expect(refusal { try begin(small, newer) }.contains("version 9 of the tables, this program knows 2"))
    }
  }

  @Test func keepsAJournalAndAVersion() throws {
    try inFolder { folder in
      let url = folder.appendingPathComponent("a.sqlite")
      let search = try begin(small, url)
      // Others may read meanwhile.
      let other = try SQLite(path: url.path)
      #expect(try other.rows("PRAGMA journal_mode").map(\.columns) == [["journal_mode": .text("wal")]])
      #expect(try other.integer("PRAGMA user_version") == 2)
      #expect(try other.integer("SELECT COUNT(*) FROM trial WHERE state = 'waiting'") == 3)
      withExtendedLifetime(search) {}
    }
  }

  @Test func waitsForALockThatOthersHold() throws {
    try inFolder { folder in
      let url = folder.appendingPathComponent("a.sqlite")
      let search = try begin(small, url)
      let other = try SQLite(path: url.path)
      try other.execute("BEGIN IMMEDIATE")
      Thread {
        Thread.sleep(forTimeInterval: 0.5)
        #expect(throws: Never.self) { try other.execute("COMMIT") }
      }.start()
      #expect(try search.run(on: Support.backends()) == .finished)
      #expect(try search.trials().allSatisfy { $0.state == .done })
    }
  }

  @Test("A storage that others changed is refused, not believed", arguments: ["configuration", "state"])
  func isDamaged(_ column: String) throws {
    try inFolder { folder in
      let url = folder.appendingPathComponent("a.sqlite")
      let search = try begin(small, url)
      try SQLite(path: url.path).execute(
        "PRAGMA ignore_check_constraints = ON; UPDATE trial SET \(column) = 'x' WHERE number = 2")
      let error = #expect(throws: SearchError.self) { try search.trials() }
      #expect(error?.description.contains("a.sqlite is damaged: trial 2") == true, "\(error as Any)")
    }
  }

  @Test func needsValidationImages() throws {
    for share in ["0", "0.001", "120"] {
      let text = small.replacingOccurrences(of: "{hidden: 8,", with: "{hidden: 8, validation: \(share),")
      let error = #expect(throws: SearchError.self) {
        try begin(text, URL(fileURLWithPath: "/nowhere/a.sqlite"))
      }
      #expect(error?.kind == .space && error?.description.contains("from 1 to 119") == true)
    }
  }

  @Test func theTableIsBestFirstAndSaysHowToTrainTheBest() throws {
    try inFolder { folder in
      let url = folder.appendingPathComponent("a.sqlite")
      let search = try Search(SearchSpace(Support.space), dataset: Support.dataset(), storage: url)
      _ = try search.run(on: Support.backends(2))
      let table = try SearchTable(search, data: "my data")
      let losses = table.trials.prefix(4).map { $0.validationLoss! }
      #expect(losses == losses.sorted() && losses.count == 4)
      #expect(table.trials.suffix(2).map(\.state) == [.failed, .failed])
      let best = table.trials[0]
      #expect(Set(best.settings.keys) == ["latent", "learning-rate"])
      let settings = (latent: best.settings["latent"]!, rate: best.settings["learning-rate"]!)
      // The model's defaults (latent 2, a rate of 0.002) are left out.
      let latent = settings.latent == "2" ? "" : "latent=\(settings.latent) "
      let rate = settings.rate == "0.002" ? "" : "learning-rate=\(settings.rate) "
      #expect(
        table.command
          == "facsimile train vae --data 'my data' --set \(latent)hidden=12 dropout=0.1 optimizer=sgd "
          + "\(rate)epochs=3 batch-size=37 seed=5")
    }
  }
}
