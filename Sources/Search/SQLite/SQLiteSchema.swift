/// The tables of a storage. A change needs a new version and a migration.
enum SQLiteSchema {
  /// `PRAGMA user_version`.
  static let version = 2
  /// `PRAGMA application_id`: tells our files from any other SQLite file ("FACS").
  static let application = 0x4641_4353

  /// Makes the tables of an empty file.
  ///
  /// - Throws: `SQLiteError`.
  static func create(_ database: SQLite) throws {
    try database.execute(
      """
      CREATE TABLE search (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        space TEXT NOT NULL,
        space_sha256 TEXT NOT NULL,
        dataset TEXT NOT NULL,
        dataset_sha256 TEXT NOT NULL,
        numerics_contract INTEGER NOT NULL,
        sha256 TEXT NOT NULL
      ) STRICT;
      CREATE TABLE trial (
        number INTEGER PRIMARY KEY,
        configuration TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
        rung INTEGER NOT NULL,
        epochs INTEGER NOT NULL,
        validation_loss REAL,
        best_epoch INTEGER NOT NULL,
        state_sha256 TEXT,
        seconds REAL NOT NULL,
        failure TEXT,
        sha256 TEXT NOT NULL
      ) STRICT;
      CREATE INDEX trial_by_state ON trial (state, number);
      PRAGMA application_id = \(application);
      PRAGMA user_version = \(version);
      """)
  }

  /// Checks an existing file.
  ///
  /// - Throws: `SearchError` if it is not ours, or of another version; `SQLiteError`.
  static func check(_ database: SQLite) throws {
    guard try database.integer("PRAGMA application_id") == application else {
      throw SearchError(
        .storage, "\(database.path) is an SQLite file, but not of a search: name another --storage")
    }
    let version = try database.integer("PRAGMA user_version") ?? 0
    guard version == Self.version || version == 1 else {
      throw SearchError(
        .storage,
        "\(database.path) has version \(version) of the tables, this program knows \(Self.version): use the version of "
          + "Facsimile that began the search, or name another --storage")
    }
  }

  /// Migrates the tables of an earlier version. Version 1 has no hashes of rows: its rows are trusted.
  ///
  /// - Throws: `SQLiteError`.
  static func migrate(_ database: SQLite) throws {
    guard try database.integer("PRAGMA user_version") == 1 else { return }
    for table in ["search", "trial"] {
      try database.execute("ALTER TABLE \(table) ADD COLUMN sha256 TEXT NOT NULL DEFAULT ''")
      for row in try database.rows("SELECT rowid AS place, * FROM \(table)") {
        let place: Int = try row.value("place")
        try database.rows(
          "UPDATE \(table) SET sha256 = ? WHERE rowid = ?", .text(row.contentSHA256), .integer(place))
      }
    }
    try database.execute("PRAGMA user_version = \(version)")
  }
}
