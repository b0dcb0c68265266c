import Datasets
import Foundation

/// The tables of a database that holds a search, in the first schema of its search path. A change needs a new version.
enum PostgreSQLSchema {
  /// The column `version` of `facsimile_search`, which every version has.
  static let version = 1
  /// The key of the lock under which tables are created ("FACS").
  private static let lock = 0x4641_4353

  /// The columns of a trial and their types; the same values as in SQLite, with the same hash. A row also has the
  /// ticket of its current claim, and the server time at which the claim's lease expires.
  static let columns = [
    ("number", "bigint"), ("configuration", "text"), ("state", "text"), ("rung", "bigint"),
    ("epochs", "bigint"), ("validation_loss", "double precision"), ("best_epoch", "bigint"),
    ("state_sha256", "text"), ("seconds", "double precision"), ("failure", "text"), ("sha256", "text"),
  ]
  /// Their names, for a statement.
  static let names = columns.map(\.0).joined(separator: ", ")

  /// Creates the tables, or checks existing ones.
  ///
  /// - Returns: the search's space, and the name that it was given when it began.
  /// - Throws: `SearchError` if they are of another version or search; `PostgreSQLError`.
  static func open(
    _ connection: PostgreSQLConnection, _ address: PostgreSQLAddress, _ space: SearchSpace, _ dataset: Dataset
  ) throws -> (space: SearchSpace, name: String) {
    // Many workers may start at once.
    try connection.execute("SELECT pg_advisory_xact_lock(\(lock))")
    let tables = try connection.integer(
      "SELECT COUNT(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = 'facsimile_search'"
    )
    if tables == 0 {
      try create(connection)
      let row = StoredRow(path: address.text, columns: SearchRecord.columns(space, dataset)).hashed
        .merging(["version": .integer(version), "name": .text(UUID().uuidString.lowercased())]) { $1 }
        .sorted { $0.key < $1.key }
      let marks = row.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
      try connection.rows(
        "INSERT INTO facsimile_search (\(row.map(\.key).joined(separator: ", "))) VALUES (\(marks))",
        row.map(\.value))
    } else if let known = try connection.integer("SELECT version FROM facsimile_search"), known != version {
      throw SearchError(
        .storage,
        "\(address.text) has version \(known) of the tables, this program knows \(version): use the version of Facsimile "
          + "that began the search, or name another database or schema")
    }
    let record = try connection.rows(
      "SELECT id, space, space_sha256, dataset, dataset_sha256, numerics_contract, sha256 FROM facsimile_search"
    )
    let count = try connection.integer("SELECT COUNT(*) FROM facsimile_trial") ?? 0
    let name = try connection.rows("SELECT name FROM facsimile_search").first?.value("name") ?? ""
    return (try SearchRecord.check(record.first, count, address.text, space, dataset), name)
  }

  private static func create(_ connection: PostgreSQLConnection) throws {
    try connection.execute(
      """
      CREATE TABLE facsimile_search (
        version bigint NOT NULL,
        name text NOT NULL,
        id bigint PRIMARY KEY CHECK (id = 1),
        space text NOT NULL,
        space_sha256 text NOT NULL,
        dataset text NOT NULL,
        dataset_sha256 text NOT NULL,
        numerics_contract bigint NOT NULL,
        sha256 text NOT NULL
      );
      CREATE TABLE facsimile_trial (
        number bigint PRIMARY KEY,
        configuration text NOT NULL,
        state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
        rung bigint NOT NULL,
        epochs bigint NOT NULL,
        validation_loss double precision,
        best_epoch bigint NOT NULL,
        state_sha256 text,
        seconds double precision NOT NULL,
        failure text,
        sha256 text NOT NULL,
        ticket text,
        lease timestamptz,
        CHECK (state <> 'running' OR (ticket IS NOT NULL AND lease IS NOT NULL))
      );
      CREATE INDEX facsimile_trial_open ON facsimile_trial (number) WHERE state IN ('waiting', 'running');
      CREATE INDEX facsimile_trial_ticket ON facsimile_trial (ticket) WHERE ticket IS NOT NULL;
      CREATE INDEX facsimile_trial_rung ON facsimile_trial (rung, state);
      """)
  }
}
