import Foundation
import Search
import TestSupport
import Testing

/// Flipped bits in the trials' file are detected, or change nothing.
@Suite struct DamagedStorageTests {
  private let space = """
    model: vae
    epochs: 1
    fixed: {hidden: 8, batch-size: 60}
    space: {latent: [2, 3, 4]}
    """

  private func open(_ url: URL) throws -> Search {
    try Search(SearchSpace(space), dataset: Support.dataset(train: 120), storage: url, patience: 0.2)
  }

  /// A finished search, its log written back into the file.
  private func make(_ url: URL) throws -> [Trial] {
    let trials: [Trial] = try {
      let search = try open(url)
      _ = try search.run(on: Support.backends())
      return try search.trials()
    }()
    try SQLite(path: url.path).execute("PRAGMA journal_mode = DELETE")
    return trials
  }

  @Test("A bit anywhere in the file")
  func bits() throws {
    try inFolder { folder in
      let url = folder.appendingPathComponent("a.sqlite")
      let expected = try make(url)
      let whole = try Data(contentsOf: url)
      var refused = 0
      for index in 0..<160 {
        var data = whole
        // Content lies at the ends of pages.
        let place =
          index % 2 == 0
          ? index * data.count / 160 : (index / 2 + 1) * 4096 / 8 * 8 % data.count - index % 97 - 1
        guard data.indices.contains(place) else { continue }
        data[place] ^= 1 << UInt8(index % 8)
        try data.write(to: url)
        for name in ["a.sqlite-wal", "a.sqlite-shm"] {
          try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
        }
        do {
          #expect(try open(url).trials() == expected, "byte \(place)")
        } catch {
          refused += 1
          #expect("\(error)".contains("a.sqlite") && !"\(error)".contains("\n"), "\(error)")
        }
      }
      #expect(refused > 20, "of 160 places \(refused)")
    }
  }

  @Test(
    "A value that is changed, structure and all",
    arguments: ["validation_loss = 0.001", "seconds = 1e9", "rung = 1", "best_epoch = 0", "state = 'failed'"])
  func values(_ change: String) throws {
    try inFolder { folder in
      let url = folder.appendingPathComponent("a.sqlite")
      _ = try make(url)
      try SQLite(path: url.path).execute("UPDATE trial SET \(change) WHERE number = 2")
      let error = #expect(throws: SearchError.self) { try open(url) }
      #expect(
        error?.description.contains("a.sqlite is damaged: trial 2 is not what was written") == true,
        "\(error as Any)")
    }
  }

  @Test("A storage of version 1, which has no hashes, is taken over")
  func earlier() throws {
    try inFolder { folder in
      let url = folder.appendingPathComponent("a.sqlite")
      let expected = try make(url)
      try SQLite(path: url.path).execute(
        "ALTER TABLE trial DROP COLUMN sha256; ALTER TABLE search DROP COLUMN sha256; PRAGMA user_version = 1"
      )
      #expect(try open(url).trials() == expected)
      #expect(try SQLite(path: url.path).integer("PRAGMA user_version") == 2)
      #expect(try open(url).trials() == expected)
    }
  }

  @Test("Foreign files in the folder for runs, and special files, stay as they are")
  func places() throws {
    try inFolder { folder in
      let url = folder.appendingPathComponent("a.sqlite")
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("a.sqlite.runs/1/mine"), withIntermediateDirectories: true)
      #expect(throws: SearchError.self) { try open(url) }
      #expect(!FileManager.default.fileExists(atPath: url.path))
      let pipe = folder.appendingPathComponent("b.sqlite")
      #expect(mkfifo(pipe.path, 0o600) == 0)
      let error = #expect(throws: SearchError.self) { try open(pipe) }
      #expect(error?.description.contains("is a pipe") == true)
    }
  }
}
