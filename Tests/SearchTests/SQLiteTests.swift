import Foundation
import Search
import TestSupport
import Testing

@Suite struct SQLiteTests {
  private func inDatabase(_ body: (SQLite, String) throws -> Void) throws {
    try inFolder { folder in
      let path = folder.appendingPathComponent("a.sqlite").path
      let database = try SQLite(path: path)
      try database.execute("CREATE TABLE birds (number INTEGER PRIMARY KEY, name TEXT, mass REAL) STRICT")
      try body(database, path)
    }
  }

  @Test func valuesComeBackAsTheyWere() throws {
    try inDatabase { database, _ in
      let names = ["", "wren", "two\nlines", "n\u{0}l", "Zaunkönig 🐦", "'; DROP TABLE birds; --"]
      let masses = [-0.0, .infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1, 9]
      for (index, (name, mass)) in zip(names, masses).enumerated() {
        try database.rows("INSERT INTO birds VALUES (?, ?, ?)", .integer(index), .text(name), .real(mass))
      }
      try database.rows("INSERT INTO birds VALUES (?, ?, ?)", .integer(.max), .null, .real(.nan))
      let rows = try database.rows("SELECT * FROM birds ORDER BY number")
      let texts: [String] = try rows.dropLast().map { try $0.value("name") }
      #expect(texts == names)
      let read: [Double] = try rows.dropLast().map { try $0.value("mass") }
      #expect(read.map(\.bitPattern).dropFirst() == masses.map(\.bitPattern).dropFirst() && read[0] == 0)
      let last = try #require(rows.last)
      #expect(last.columns == ["number": .integer(.max), "name": .null, "mass": .null])
      let name: String? = try last.optional("name")
      #expect(name == nil)
    }
  }

  @Test func errorsSayTheFileAndTheReason() throws {
    try inDatabase { database, path in
      func message(_ body: () throws -> Void) -> String {
        #expect(throws: (any Error).self) { try body() }.map { "\($0)" } ?? ""
      }
      #expect(
        message { try database.execute("INSERT INTO fish VALUES (1)") }
          == "\(path) cannot be used: no such table: fish")
      #expect(
        message { try database.rows("INSERT INTO birds VALUES (1, 'wren', 'heavy')") }
          .contains("cannot store TEXT value in REAL column"))
      try database.execute("INSERT INTO birds VALUES (1, NULL, 0.1)")
      let row = try #require(try database.rows("SELECT * FROM birds").first)
      #expect(message { _ = try row.value("name") as String }.contains("its column name holds NULL"))
      #expect(message { _ = try row.value("mass") as Int }.contains("its column mass holds real(0.1)"))
      #expect(message { _ = try row.value("wings") as Int }.contains("it has no column wings"))
      #expect(
        message { _ = try SQLite(path: "/nowhere/a.sqlite") }
          == "/nowhere/a.sqlite cannot be used: unable to open database file")
    }
  }

  @Test func aTransactionIsAllOrNothing() throws {
    struct Stop: Error {}
    try inDatabase { database, _ in
      func insert(_ number: Int) throws {
        try database.rows("INSERT INTO birds VALUES (?, NULL, 1)", .integer(number))
      }
      #expect(throws: Stop.self) {
        try database.transaction {
          try insert(1)
          throw Stop()
        }
      }
      // A failing statement rolls back those before it, and the connection remains usable.
      #expect(throws: SQLiteError.self) {
        try database.transaction {
          try insert(2)
          try insert(2)
        }
      }
      try database.transaction { try insert(3) }
      let rows = try database.rows("SELECT number FROM birds")
      #expect(rows.map(\.columns) == [["number": .integer(3)]])
    }
  }

  @Test func aLockIsWaitedForButNotForEver() throws {
    try inDatabase { database, path in
      try database.execute("BEGIN IMMEDIATE")
      let other = try SQLite(path: path, patience: 0.3)
      let began = ContinuousClock.now
      let error = #expect(throws: SQLiteError.self) { try other.transaction {} }
      #expect(ContinuousClock.now - began >= .seconds(0.3))
      #expect(
        error?.description
          == "\(path) cannot be used: database is locked, and was for 0.3 s: end the program that uses it, and run "
          + "this again")
      try database.execute("COMMIT")
      try other.execute("BEGIN IMMEDIATE; INSERT INTO birds VALUES (1, NULL, 1); COMMIT")
      #expect(try database.integer("SELECT COUNT(*) FROM birds") == 1)
    }
  }
}
