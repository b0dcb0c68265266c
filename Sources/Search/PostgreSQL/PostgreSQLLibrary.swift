import Foundation

/// The parts of libpq that are used, loaded on first use: building needs no headers, and a machine
/// without libpq can do everything else.
///
/// Sendable: it is immutable, and libpq's functions may be called from any thread (those on one connection from
/// one thread at a time).
package final class PostgreSQLLibrary: @unchecked Sendable {
  typealias Handle = OpaquePointer
  typealias Text = UnsafePointer<CChar>
  typealias Texts = UnsafePointer<Text?>

  /// A parameter of a connection, as `PQconninfoParse` returns it (`PQconninfoOption`).
  struct Option {
    let keyword, environmentVariable, compiled, value, label: Text?
    /// `*` for a secret.
    let display: Text?
    let width: Int32
  }

  /// Values of libpq's enumerations; they belong to its ABI.
  enum Code {
    static let connectionOK: Int32 = 0
    static let commandOK: Int32 = 1
    static let rowsOK: Int32 = 2
    static let pingRejects: Int32 = 1
    static let pingSilent: Int32 = 2
    /// The field of an error that holds its SQLSTATE.
    static let state = Int32(UInt8(ascii: "C"))
  }

  let parse:
    @convention(c) (Text, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> UnsafeMutableRawPointer?
  let freeOptions: @convention(c) (UnsafeMutableRawPointer?) -> Void
  let connect: @convention(c) (Texts, Texts, Int32) -> Handle?
  let ping: @convention(c) (Texts, Texts, Int32) -> Int32
  let status: @convention(c) (Handle?) -> Int32
  let errorMessage: @convention(c) (Handle?) -> Text?
  let finish: @convention(c) (Handle?) -> Void
  let setNoticeProcessor:
    @convention(c) (
      Handle?, @convention(c) (UnsafeMutableRawPointer?, Text?) -> Void, UnsafeMutableRawPointer?
    )
      -> UnsafeRawPointer?
  let execute:
    @convention(c) (
      Handle?, Text, Int32, UnsafePointer<UInt32>?, UnsafePointer<Text?>?, UnsafePointer<Int32>?,
      UnsafePointer<Int32>?, Int32
    ) -> Handle?
  let executeAll: @convention(c) (Handle?, Text) -> Handle?
  let resultStatus: @convention(c) (Handle?) -> Int32
  let resultErrorField: @convention(c) (Handle?, Int32) -> Text?
  let resultErrorMessage: @convention(c) (Handle?) -> Text?
  let rowCount: @convention(c) (Handle?) -> Int32
  let columnCount: @convention(c) (Handle?) -> Int32
  let columnName: @convention(c) (Handle?, Int32) -> Text?
  let columnType: @convention(c) (Handle?, Int32) -> UInt32
  let isNull: @convention(c) (Handle?, Int32, Int32) -> Int32
  let value: @convention(c) (Handle?, Int32, Int32) -> Text?
  let clear: @convention(c) (Handle?) -> Void

  /// Opens the first of `names` that exists.
  ///
  /// - Throws: `SearchError` if there is none, or one that is too old.
  package init(names: [String] = ["libpq.so.5", "libpq.so"]) throws {
    guard let library = names.lazy.compactMap({ dlopen($0, RTLD_NOW) }).first else {
      throw SearchError(
        .storage,
        "a search in PostgreSQL needs its client library, \(names[0]): install it (Debian and Ubuntu: apt-get install "
          + "libpq5)")
    }
    func symbol<T>(_ name: String, as type: T.Type = T.self) throws -> T {
      guard let address = dlsym(library, name) else {
        throw SearchError(.storage, "the PostgreSQL client library has no \(name): install a newer libpq")
      }
      return unsafeBitCast(address, to: type)
    }
    parse = try symbol("PQconninfoParse")
    freeOptions = try symbol("PQconninfoFree")
    connect = try symbol("PQconnectdbParams")
    ping = try symbol("PQpingParams")
    status = try symbol("PQstatus")
    errorMessage = try symbol("PQerrorMessage")
    finish = try symbol("PQfinish")
    setNoticeProcessor = try symbol("PQsetNoticeProcessor")
    execute = try symbol("PQexecParams")
    executeAll = try symbol("PQexec")
    resultStatus = try symbol("PQresultStatus")
    resultErrorField = try symbol("PQresultErrorField")
    resultErrorMessage = try symbol("PQresultErrorMessage")
    rowCount = try symbol("PQntuples")
    columnCount = try symbol("PQnfields")
    columnName = try symbol("PQfname")
    columnType = try symbol("PQftype")
    isNull = try symbol("PQgetisnull")
    value = try symbol("PQgetvalue")
    clear = try symbol("PQclear")
  }

  /// The machine's library, or why there is none.
  static let shared = Result { try PostgreSQLLibrary() }

  /// The parameters that an address gives, by keyword, and whether any is a secret; nil if it cannot be read.
  func parameters(of address: String) -> (values: [String: String], holdsSecret: Bool)? {
    var message: UnsafeMutablePointer<CChar>?
    // libpq's message is not passed on: it may quote a part of a password.
    guard let options = parse(address, &message) else { return nil }
    defer { freeOptions(options) }
    var values: [String: String] = [:]
    var holdsSecret = false
    var option = options.assumingMemoryBound(to: Option.self)
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.value {
        values[String(cString: keyword)] = String(cString: value)
        if option.pointee.display.map({ String(cString: $0) }) == "*" { holdsSecret = true }
      }
      option += 1
    }
    return (values, holdsSecret)
  }
}
