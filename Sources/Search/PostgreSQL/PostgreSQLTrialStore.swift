import Datasets
import Foundation
import Models
import Storage
import Synchronization
import Training

/// The trials of one search in a PostgreSQL database, for any number of processes on any machines.
///
/// A worker that trains a trial holds a lease on it, which a thread renews, and a unique ticket. When a lease expires,
/// by the server's clock, the trial is available again; results are accepted with the valid ticket only, so a worker
/// that comes back late changes nothing. While the server was down nobody could renew: after its start all leases run
/// for their full time again.
final class PostgreSQLTrialStore: TrialStore {
  /// A trial claimed by this process.
  private struct Held {
    let ticket: String
    let loss: StopSignal
  }

  let name: String
  let space: SearchSpace
  private let link: PostgreSQLLink
  /// Duration of a lease in seconds.
  private let lease: Double
  private let runs: URL
  private let held = Mutex<[Int: Held]>([:])
  private let keeper = Mutex<LeaseKeeper?>(nil)

  /// Opens or creates the tables of a search.
  ///
  /// - Throws: `SearchError` if the server is not there, or the tables are not those of this search.
  init(
    _ address: PostgreSQLAddress, _ space: SearchSpace, _ dataset: Dataset, runs: URL, lease: Double,
    patience: Double, notify: @escaping @Sendable (String) -> Void
  ) throws {
    (name, self.lease) = (address.text, lease)
    link = PostgreSQLLink(address, patience: patience, notify: notify)
    let found = try link.transaction { try PostgreSQLSchema.open($0, address, space, dataset) }
    self.space = found.space
    // Searches in other databases may have the same space, and their workers the same folder.
    self.runs = runs.deletingLastPathComponent()
      .appendingPathComponent("\(runs.lastPathComponent)-\(found.name.prefix(8)).runs")
  }

  func begin(_ stopSignal: StopSignal, _ notify: @escaping @Sendable (String) -> Void) throws {
    link.follow(stopSignal, notify)
    try makeFolder(runs)
    keeper.withLock { $0 = LeaseKeeper(every: lease / 4) { [weak self] in try? self?.renew() } }
  }

  func end() {
    keeper.withLock { keeper in
      keeper?.stop()
      keeper = nil
    }
    let tickets = held.withLock { held in
      defer { held = [:] }
      return held.values.map(\.ticket)
    }
    guard !tickets.isEmpty else { return }
    link.attempt { connection in
      let rows = try connection.rows(
        "SELECT \(PostgreSQLSchema.names) FROM facsimile_trial WHERE ticket = ANY ($1::text[]) AND state = 'running' "
          + "FOR UPDATE", [Self.array(tickets)])
      for var trial in try rows.map(Trial.init) {
        trial.state = .waiting
        try Self.write(trial, to: connection)
      }
    }
  }

  /// Renews the leases of all trials of this process, and stops trials that it has lost.
  private func renew() throws {
    let held = held.withLock { $0 }
    guard !held.isEmpty else { return }
    let renewed = try link.transaction { connection in
      try connection.rows(
        "UPDATE facsimile_trial SET lease = \(Self.until("$2")) WHERE ticket = ANY ($1::text[]) AND state = 'running' "
          + "RETURNING number", [Self.array(held.values.map(\.ticket)), .real(lease)]
      ).map { try $0.value("number") as Int }
    }
    for (number, trial) in held where !renewed.contains(number) { trial.loss.stop() }
  }

  // MARK: - All trials

  func count() throws -> Int {
    try link.transaction { try $0.integer("SELECT COUNT(*) FROM facsimile_trial") ?? 0 }
  }

  func add(_ configurations: [Configuration], after known: Int) throws {
    let width = PostgreSQLSchema.columns.count
    try link.transaction { connection in
      for start in stride(from: 0, to: configurations.count, by: Self.rowsOfAStatement) {
        var marks: [String] = []
        var values: [StoredValue] = []
        for index in start..<min(start + Self.rowsOfAStatement, configurations.count) {
          let row = StoredRow(
            path: name, columns: try Trial(known + index + 1, configurations[index]).columns
          ).hashed
          values += PostgreSQLSchema.columns.map { row[$0.0]! }
          marks.append("(\(Self.marks(from: width * (index - start))))")
        }
        // Others may have added the same ones.
        try connection.rows(
          "INSERT INTO facsimile_trial (\(PostgreSQLSchema.names)) VALUES \(marks.joined(separator: ", ")) "
            + "ON CONFLICT DO NOTHING", values)
      }
    }
  }

  func trials(_ count: Int?) throws -> [Trial] {
    try link.transaction { connection in
      try connection.rows(
        "SELECT \(PostgreSQLSchema.names) FROM facsimile_trial ORDER BY number LIMIT $1::bigint",
        [count.map(StoredValue.integer) ?? .null]
      ).map(Trial.init)
    }
  }

  // MARK: - Claims

  /// Trials that may be claimed; `$1` is the seconds of a lease.
  private static let claimable =
    "state IN ('waiting', 'running') AND (state = 'waiting' OR "
    + "greatest(lease, pg_postmaster_start_time() + $1::double precision * interval '1 second') < clock_timestamp())"

  func hasWaiting() throws -> Bool {
    try link.transaction { connection in
      try !connection.rows(
        "SELECT number FROM facsimile_trial WHERE \(Self.claimable) LIMIT 1", [.real(lease)]
      ).isEmpty
    }
  }

  func isComplete() throws -> Bool { try link.transaction(isComplete) }

  private func isComplete(_ connection: PostgreSQLConnection) throws -> Bool {
    let open = "SELECT COUNT(*) FROM facsimile_trial WHERE state IN ('waiting', 'running')"
    return try connection.integer(open) == 0
      && connection.integer("SELECT COUNT(*) FROM facsimile_trial") ?? 0 >= space.trials
  }

  func claim(_ loss: StopSignal) throws -> Claim {
    let ticket = UUID().uuidString
    var isRepeated = false
    let claim: Claim = try link.transaction { connection in
      defer { isRepeated = true }
      let select = "SELECT \(PostgreSQLSchema.names) FROM facsimile_trial WHERE "
      if isRepeated, let row = try connection.rows(select + "ticket = $1", [.text(ticket)]).first {
        return .trial(try Trial(row))
      }
      guard
        let row = try connection.rows(
          select + Self.claimable + " ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED", [.real(lease)]
        ).first
      else { return try isComplete(connection) ? .none : .later }
      var trial = try Trial(row)
      trial.state = .running
      try Self.write(trial, ticket: ticket, lease: lease, to: connection)
      return .trial(trial)
    }
    if case .trial(let trial) = claim {
      held.withLock { $0[trial.number] = Held(ticket: ticket, loss: loss) }
    }
    return claim
  }

  func holds(_ trial: Trial) throws -> Bool {
    guard let ticket = held.withLock({ $0[trial.number]?.ticket }) else { return false }
    let isHeld = try link.transaction { connection in
      try !connection.rows("SELECT number FROM facsimile_trial WHERE ticket = $1", [.text(ticket)]).isEmpty
    }
    if !isHeld { forget(trial) }
    return isHeld
  }

  func update(_ trial: Trial) throws -> Bool {
    guard let ticket = held.withLock({ $0[trial.number]?.ticket }) else { return false }
    let isHeld = try link.transaction { connection in
      let mine = "SELECT number FROM facsimile_trial WHERE ticket = $1 FOR UPDATE"
      guard try !connection.rows(mine, [.text(ticket)]).isEmpty else { return false }
      try Self.write(trial, ticket: ticket, lease: lease, to: connection)
      return true
    }
    if !isHeld || trial.state != .running { forget(trial) }
    return isHeld
  }

  private func forget(_ trial: Trial) { held.withLock { $0[trial.number] = nil } }

  func standing() throws -> Standing? {
    try link.transaction { connection in
      let row = try connection.rows(
        "SELECT COUNT(*) FILTER (WHERE state IN ('done', 'failed')) AS ended, COUNT(*) AS trials, MAX(rung) AS rung "
          + "FROM facsimile_trial WHERE rung = (SELECT MAX(rung) FROM facsimile_trial)"
      ).first
      guard let row, let rung = try row.optional("rung") as Int? else { return nil }
      // More may come.
      return Standing(
        ended: try row.value("ended"), trials: rung == 0 ? space.trials : try row.value("trials"))
    }
  }

  // MARK: - Rungs

  func rung() throws -> Int {
    try link.transaction { try $0.integer("SELECT MAX(rung) FROM facsimile_trial") ?? 0 }
  }

  func promote(_ count: Int, from rung: Int) throws -> Int {
    try link.transaction { connection in
      // One worker at a time; the first to get here decides, from what a lone worker would know.
      try connection.execute("SELECT id FROM facsimile_search FOR UPDATE")
      if let last = try connection.integer("SELECT MAX(rung) FROM facsimile_trial"), last > rung {
        return try connection.integer(
          "SELECT COUNT(*) FROM facsimile_trial WHERE rung > $1", [.integer(rung)]) ?? 0
      }
      let done = try connection.rows(
        "SELECT \(PostgreSQLSchema.names) FROM facsimile_trial WHERE state = 'done' AND rung = $1",
        [.integer(rung)]
      ).map(Trial.init)
      let survivors = done.sorted(by: Trial.precedes).prefix(count)
      for trial in survivors { try Self.write(trial.promoted, to: connection) }
      return survivors.count
    }
  }

  // MARK: - Runs

  func run(_ trial: Trial) -> URL { runs.appendingPathComponent("\(trial.number)") }

  func spareRun(_ trial: Trial) -> URL? {
    runs.appendingPathComponent("\(trial.number)-\(UUID().uuidString.prefix(8))")
  }

  /// Failures are ignored: other workers remove runs too.
  func removeRuns(finished: Bool) throws {
    func number(_ name: String) -> Int? { name.split(separator: "-").first.flatMap { Int($0) } }
    let names = ((try? Files.names(in: runs)) ?? []).filter { number($0) != nil }
    let array = "{\(names.compactMap(number).map(String.init).joined(separator: ","))}"
    let out = try link.transaction { connection in
      try connection.rows(
        "SELECT number FROM facsimile_trial WHERE number = ANY ($1::bigint[]) AND (state = 'failed' OR (state = 'done' "
          + "AND rung < (SELECT MAX(rung) + $2::bigint FROM facsimile_trial)))",
        [.text(array), .integer(finished ? 1 : 0)]
      ).map { try $0.value("number") as Int }
    }
    let gone = Set(out)
    for name in names where gone.contains(number(name)!) { try? removeAll(runs.appendingPathComponent(name)) }
    // Only if it is empty.
    if finished { _ = runs.path.withSystemPath { rmdir($0) } }
  }

  // MARK: - Statements

  /// 11 parameters per row; a statement may have 65,535.
  private static let rowsOfAStatement = 500

  /// The parameters of a row, each with its type; the first is that after `$start`.
  private static func marks(from start: Int) -> String {
    PostgreSQLSchema.columns.enumerated().map { "$\(start + $0.offset + 1)::\($0.element.1)" }
      .joined(separator: ", ")
  }

  /// The server's time that many seconds from now.
  private static func until(_ seconds: String) -> String {
    "clock_timestamp() + \(seconds)::double precision * interval '1 second'"
  }

  private static func array(_ tickets: [String]) -> StoredValue {
    .text("{\(tickets.joined(separator: ","))}")
  }

  /// Replaces a row; without a ticket the trial is unclaimed.
  private static func write(
    _ trial: Trial, ticket: String? = nil, lease: Double = 0, to connection: PostgreSQLConnection
  ) throws {
    let row = StoredRow(path: "", columns: try trial.columns).hashed
    let width = PostgreSQLSchema.columns.count
    try connection.rows(
      "UPDATE facsimile_trial SET (\(PostgreSQLSchema.names), ticket, lease) = (\(marks(from: 0)), "
        + "$\(width + 1)::text, \(until("$\(width + 2)"))) WHERE number = $1",
      PostgreSQLSchema.columns.map { row[$0.0]! } + [StoredValue(ticket), .real(lease)])
  }
}
