import Foundation

/// The address of a PostgreSQL database: `postgresql://[user@]host[:port]/database[?parameter=value&…]`.
///
/// It never holds a secret: it appears in the process list, in manifests of trials and in messages.
package struct PostgreSQLAddress: Hashable, Sendable {
  /// The address as given.
  package let text: String

  /// The schemes that libpq knows.
  static let schemes = ["postgresql", "postgres"]

  /// Checks an address, without asking a server.
  ///
  /// - Throws: `SearchError` if it holds a password or cannot be read, or if there is no libpq.
  package init(_ text: String) throws {
    // First of all and without libpq, whose messages may quote it.
    guard !Self.mayHoldSecret(text) else { throw Self.secret }
    guard let parameters = try PostgreSQLLibrary.shared.get().parameters(of: text) else {
      throw SearchError(
        .address,
        "the PostgreSQL address cannot be read: expected postgresql://[user@]host[:port]/database[?parameter=value]"
      )
    }
    guard !parameters.holdsSecret else { throw Self.secret }
    self.text = text
  }

  private static let secret = SearchError(
    .address,
    "a password in the address would show in process lists and manifests: put it into ~/.pgpass (or the file that "
      + "PGPASSFILE names), PGPASSWORD or a service file (an '@' that ends no password is written %40)")

  /// Whether a part of the address may be a password; if in doubt, yes.
  private static func mayHoldSecret(_ text: String) -> Bool {
    let rest = text.firstRange(of: "://").map { text[$0.upperBound...] } ?? text[...]
    if let colon = rest.firstIndex(of: ":"), rest[colon...].contains("@") { return true }
    guard let mark = rest.firstIndex(of: "?") else { return false }
    return rest[mark...].dropFirst().split(separator: "&").contains { parameter in
      let raw = String(parameter.prefix { $0 != "=" })
      let key = (raw.removingPercentEncoding ?? raw).lowercased()
      return ["password", "secret", "scram"].contains { key.contains($0) }
    }
  }
}

/// Where the trials of a search are stored, as the command line names it.
package enum SearchPlace: Hashable, Sendable {
  /// An SQLite file.
  case file(String)
  /// A PostgreSQL database.
  case server(PostgreSQLAddress)

  /// Reads a path or an address.
  ///
  /// - Throws: `SearchError` if it is an address of an unknown kind, or as `PostgreSQLAddress` does.
  package init(_ text: String) throws {
    guard let match = text.prefixMatch(of: /([A-Za-z][A-Za-z0-9+.\-]*):\/\//) else {
      self = .file(text)
      return
    }
    guard PostgreSQLAddress.schemes.contains(String(match.1)) else {
      throw SearchError(
        .address,
        "unknown scheme '\(match.1)://': expected the path of a file, or postgresql://[user@]host[:port]/database"
      )
    }
    self = .server(try PostgreSQLAddress(text))
  }
}
