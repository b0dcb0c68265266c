import Foundation
import Programs
import Search
import TestSupport
import Testing
import Training

/// Searches of several workers in one database.
@Suite(.enabled(if: PostgreSQLServer.isWanted, "no PostgreSQL server is installed"))
struct PostgreSQLTests {
  private static let strategies = [
    Support.space,
    "strategy: random\ntrials: 5\n" + Support.space,
    "strategy: halving\ntrials: 6\neta: 2\n" + Support.space,
  ]

  private func join(
    _ text: String, _ address: String, _ folder: URL, lease: Double = 60, patience: Double = 20,
    train: Int = 120
  ) throws -> Search {
    try Search(
      SearchSpace(text), dataset: Support.dataset(train: train), server: PostgreSQLAddress(address),
      runs: folder.appendingPathComponent("space"), lease: lease, patience: patience)
  }

  /// Makes the database record in the table `ends` whenever a trial is done or fails.
  private func noteEnds(_ server: PostgreSQLServer, _ schema: String) throws {
    try server.sql(
      """
      CREATE TABLE ends (number bigint, rung bigint, PRIMARY KEY (number, rung));
      CREATE FUNCTION note_end() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO \(schema).ends VALUES (NEW.number, NEW.rung); RETURN NULL; END $$;
      CREATE TRIGGER note_end AFTER UPDATE ON facsimile_trial FOR EACH ROW
        WHEN (NEW.state IN ('done', 'failed') AND OLD.state NOT IN ('done', 'failed')) EXECUTE FUNCTION note_end();
      """, in: schema)
  }

  @Test("Four workers end with the table of a lone one, and train no trial twice", arguments: strategies)
  func manyWorkers(_ text: String) throws {
    let server = try PostgreSQLServer.shared.get()
    let (address, schema) = try server.place()
    try inFolder { folder in
      let alone = try Support.table(text, in: folder)
      _ = try join(text, address, folder)
      try noteEnds(server, schema)
      let tables = Answers<[String]>()
      let group = DispatchGroup()
      for worker in 0..<4 {
        group.enter()
        Thread {
          defer { group.leave() }
          do {
            // Two share a folder, and one has two devices.
            let own = folder.appendingPathComponent("\(worker / 2)")
            try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
            let search = try join(text, address, own)
            #expect(try search.run(on: Support.backends(worker == 0 ? 2 : 1)) == .finished)
            tables.add(try search.trials().facts)
          } catch {
            Issue.record(error)
          }
        }.start()
      }
      group.wait()
      #expect(tables.all.count == 4 && tables.all.allSatisfy { $0 == alone.facts }, "\(tables.all)")
      let ends = alone.reduce(0) { $0 + $1.rung + 1 }
      #expect(try server.sql("SELECT COUNT(*) FROM ends", in: schema) == ["\(ends)"])
      for worker in ["0", "1"] {
        let left = try FileManager.default.contentsOfDirectory(
          atPath: folder.appendingPathComponent(worker).path)
        #expect(left.isEmpty, "\(left)")
      }
    }
  }

  @Test("The isolation that a server has by default does not matter")
  func isolation() throws {
    let server = try PostgreSQLServer.shared.get()
    let (address, schema) = try server.place()
    let serializable = address.replacing(
      "search_path%3D\(schema)",
      with: "search_path%3D\(schema)%20-cdefault_transaction_isolation%3Dserializable")
    try inFolder { folder in
      let alone = try Support.table(Support.space, in: folder)
      let group = DispatchGroup()
      for _ in 0..<4 {
        group.enter()
        Thread {
          defer { group.leave() }
          do {
            let search = try join(Support.space, serializable, folder)
            #expect(try search.run(on: Support.backends(2)) == .finished)
            #expect(try search.trials().facts == alone.facts)
          } catch {
            Issue.record(error)
          }
        }.start()
      }
      group.wait()
    }
  }

  @Test("A trial whose lease has lapsed is another's, and the first worker's result is not taken")
  func fencing() throws {
    let server = try PostgreSQLServer.shared.get()
    let (address, schema) = try server.place()
    try inFolder { folder in
      let alone = try Support.table(Support.space, in: folder)
      let first = try join(Support.space, address, folder, lease: 1)
      try noteEnds(server, schema)
      let lost = Answers<Int>()
      // In the second epoch of the first trial, as if the worker had been frozen for a long time.
      let backend = HookedBackend(try Support.backends()[0], afterSteps: 4) {
        try server.sql(
          "UPDATE facsimile_trial SET ticket = 'thief', lease = clock_timestamp() + interval '1 second' "
            + "WHERE state = 'running'", in: schema)
      }
      let outcome = try first.run(on: [backend]) { event in
        if case .lost(let trial) = event { lost.add(trial.number) }
      }
      #expect(outcome == .finished && lost.all == [1])
      #expect(try first.trials().facts == alone.facts)
      #expect(try server.sql("SELECT COUNT(*) FROM ends", in: schema) == ["6"])
    }
  }

  @Test("A lease is renewed while a trial trains, and no other worker gets it")
  func renewal() throws {
    let server = try PostgreSQLServer.shared.get()
    let (address, schema) = try server.place()
    try inFolder { folder in
      let search = try join(Support.space, address, folder, lease: 0.4)
      let tickets = Answers<[String]>()
      let backend = HookedBackend(try Support.backends()[0], afterSteps: 1) {
        let running =
          "SELECT ticket FROM facsimile_trial WHERE state = 'running' AND lease > clock_timestamp()"
        for _ in 0..<5 {
          Thread.sleep(forTimeInterval: 0.4)
          tickets.add(try server.sql(running, in: schema))
        }
      }
      let lost = Answers<Int>()
      _ = try search.run(on: [backend]) { if case .lost(let trial) = $0 { lost.add(trial.number) } }
      #expect(Set(tickets.all).count == 1 && tickets.all.first?.count == 1, "\(tickets.all)")
      #expect(lost.all.isEmpty)
    }
  }

  @Test(
    "A server that is gone is waited for, and nothing is lost", arguments: [strategies[0], strategies[2]])
  func outage(_ text: String) throws {
    let server = try PostgreSQLServer()
    let (address, schema) = try server.place()
    try inFolder { folder in
      let alone = try Support.table(text, in: folder)
      let search = try join(text, address, folder)
      try noteEnds(server, schema)
      let notices = Answers<String>()
      let backend = HookedBackend(try Support.backends()[0], afterSteps: 5) {
        try server.stop()
        Thread {
          Thread.sleep(forTimeInterval: 1.5)
          #expect(throws: Never.self) { try server.start() }
        }.start()
      }
      let outcome = try search.run(on: [backend]) { if case .notice(let text) = $0 { notices.add(text) } }
      #expect(outcome == .finished)
      #expect(try search.trials().facts == alone.facts)
      #expect(notices.all.count == 2, "\(notices.all)")
      #expect(
        notices.all.first?.hasPrefix("the database server is gone: waiting for it for up to 20 s (") == true)
      #expect(notices.all.last?.hasPrefix("the database server is back after ") == true)
      #expect(
        try server.sql("SELECT COUNT(*) FROM ends", in: schema) == ["\(alone.reduce(0) { $0 + $1.rung + 1 })"]
      )
    }
    try server.stop()
  }

  @Test("A server that stays away ends the search with a line, and later it goes on")
  func longOutage() throws {
    let server = try PostgreSQLServer()
    let address = try server.place().address
    try inFolder { folder in
      let alone = try Support.table(Support.space, in: folder)
      let search = try join(Support.space, address, folder, lease: 0.5, patience: 1)
      let backend = HookedBackend(try Support.backends()[0], afterSteps: 5) { try server.stop() }
      let error = #expect(throws: SearchError.self) { try search.run(on: [backend]) }
      #expect(error?.description.contains("the server is gone, and was for 1 s: ") == true, "\(error as Any)")
      #expect(error?.description.contains("the same command resumes it") == true)
      try server.start()
      let again = try join(Support.space, address, folder, lease: 0.5)
      // From its checkpoint: the first trial has one epoch, of three steps.
      #expect(try again.trials()[0].epochs == 1)
      #expect(try again.run(on: Support.backends()) == .finished)
      #expect(try again.trials().facts == alone.facts)
    }
    try server.stop()
  }

  @Test("A trial that was stopped or failed to be written is given back at once")
  func givenBack() throws {
    struct Lost: Error {}
    let server = try PostgreSQLServer.shared.get()
    let (address, schema) = try server.place()
    try inFolder { folder in
      let search = try join(Support.space, address, folder)
      let backend = HookedBackend(try Support.backends()[0], afterSteps: 4) { throw Lost() }
      #expect(throws: Lost.self) { try search.run(on: [backend]) }
      #expect(try server.sql("SELECT state, ticket FROM facsimile_trial LIMIT 1", in: schema) == ["waiting|"])
      let signal = StopSignal()
      let stopping = HookedBackend(try Support.backends()[0], afterSteps: 2) { signal.stop() }
      #expect(try search.run(on: [stopping], stopSignal: signal) == .interrupted)
      #expect(
        try server.sql("SELECT COUNT(*) FROM facsimile_trial WHERE state = 'running'", in: schema) == ["0"])
      #expect(try search.run(on: Support.backends()) == .finished)
      #expect(try search.trials().facts == Support.table(Support.space, in: folder).facts)
    }
  }

  @Test("Tables of another version, another search, other data, or changed by hand are refused")
  func refusals() throws {
    let server = try PostgreSQLServer.shared.get()
    let (address, schema) = try server.place()
    func refusal(_ text: String = Support.space, train: Int = 120) throws -> String {
      try inFolder { folder in
        let error = #expect(throws: SearchError.self) {
          try join(text, address, folder, train: train).trials()
        }
        #expect(error?.kind == .storage)
        return error?.description ?? ""
      }
    }
    _ = try inFolder { try join(Support.space, address, $0) }
    let other = Support.space.replacing("epochs: 3", with: "epochs: 2")
    #expect(try refusal(other).contains("holds another search: it has 'epochs: 3', this one 'epochs: 2'"))
    #expect(try refusal(train: 130).contains("a search on other data: blobs"))
    try server.sql("UPDATE facsimile_trial SET epochs = 2 WHERE number = 2", in: schema)
    #expect(try refusal().contains("is damaged: trial 2 is not what was written"))
    try server.sql("UPDATE facsimile_search SET version = 7", in: schema)
    #expect(try refusal().contains("has version 7 of the tables, this program knows 1"))
    let (strange, foreign) = try server.place()
    try server.sql("CREATE TABLE facsimile_search (birds text)", in: foreign)
    try inFolder { folder in
      let error = #expect(throws: SearchError.self) { try join(Support.space, strange, folder) }
      #expect(error?.description.contains("column \"version\" does not exist") == true, "\(error as Any)")
    }
  }

  @Test("A search grows, and one whose grid was a sample goes on as one")
  func growth() throws {
    let address = try PostgreSQLServer.shared.get().place().address
    try inFolder { folder in
      _ = try join("trials: 2\n" + Support.space, address, folder).run(on: Support.backends())
      let search = try join(Support.space, address, folder)
      #expect(try search.trials().map { $0.state != .waiting } == [true, true, false, false, false, false])
      #expect(try search.run(on: Support.backends()) == .finished)
    }
  }

  @Test func valuesComeBackAsTheyWere() throws {
    let address = try PostgreSQLServer.shared.get().place().address
    let database = try PostgreSQLConnection(PostgreSQLAddress(address))
    try database.execute("CREATE TABLE birds (number bigint PRIMARY KEY, name text, mass double precision)")
    let names = ["", "wren", "two\nlines", "Zaunkönig 🐦", "'; DROP TABLE birds; --", "{a,b}"]
    let masses = [-0.0, .infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1, 1 / 3]
    let insert = "INSERT INTO birds VALUES ($1, $2, $3)"
    for (index, (name, mass)) in zip(names, masses).enumerated() {
      try database.rows(insert, [.integer(index), .text(name), .real(mass)])
    }
    try database.rows(insert, [.integer(.max), .null, .real(.nan)])
    let rows = try database.rows("SELECT * FROM birds ORDER BY number")
    #expect(try rows.dropLast().map { try $0.value("name") as String } == names)
    #expect(
      try rows.dropLast().map { try ($0.value("mass") as Double).bitPattern } == masses.map(\.bitPattern))
    #expect(rows.last?.columns == ["number": .integer(.max), "name": .null, "mass": .null])
  }
}

/// The results of several threads.
private final class Answers<Value: Sendable>: Sendable {
  private let lock = NSLock()
  nonisolated(unsafe) private var values: [Value] = []

  var all: [Value] { lock.withLock { values } }

  func add(_ value: Value) { lock.withLock { values.append(value) } }
}
