import Foundation
import Storage

/// The head of a read-only request.
struct HTTPRequest: Sendable, Equatable {
  /// `GET` or `HEAD`.
  let method: String
  /// The path as it was sent: routes are compared with it, and nothing is decoded or resolved.
  let path: String
  /// The query's values by name, percent-decoded; bytes that are not UTF-8 are as in ``SystemPath``.
  let query: [String: String]
  /// Values by lowercase name.
  let headers: [String: String]
  /// Whether another request may follow on the connection.
  let isKeptAlive: Bool

  /// Maximum size of a head in bytes.
  static let mostBytes = 16_384
  private static let mostHeaders = 100

  /// Parses a head strictly: anything that two programs might interpret differently is refused.
  ///
  /// - Parameter head: all bytes up to the empty line, without it.
  /// - Throws: ``HTTPFault``.
  init(_ head: some Sequence<UInt8>) throws(HTTPFault) {
    let bytes = Array(head)
    let lines = Self.split(bytes)
    guard let lines, let first = lines.first, lines.count <= Self.mostHeaders + 1 else {
      throw HTTPFault(400, "the request's head is malformed")
    }
    let words = first.split(separator: 0x20, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard words.count == 3, words[2].hasPrefix("HTTP/") else {
      throw HTTPFault(400, "the request line is malformed")
    }
    guard ["HTTP/1.1", "HTTP/1.0"].contains(words[2]) else { throw HTTPFault(505, "expected HTTP/1.1") }
    guard ["GET", "HEAD"].contains(words[0]) else {
      throw HTTPFault(405, "this page can only be read: expected GET or HEAD")
    }
    guard words[1].hasPrefix("/"), first.allSatisfy({ $0 < 0x7F }) else {
      throw HTTPFault(400, "the target is malformed")
    }
    method = words[0]
    let parts = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = String(parts[0])
    query = try Self.query(parts.count > 1 ? parts[1] : "")
    headers = try Self.headers(lines.dropFirst())
    guard headers["host"] != nil || words[2] == "HTTP/1.0" else { throw HTTPFault(400, "expected a Host") }
    guard headers["transfer-encoding"] == nil, ["0", nil].contains(headers["content-length"]) else {
      throw HTTPFault(413, "expected no body")
    }
    let connection = (headers["connection"] ?? "").lowercased()
    isKeptAlive = words[2] == "HTTP/1.1" && !connection.contains("close")
  }

  /// Lines that end with CR LF; nil if there is another control character.
  private static func split(_ bytes: [UInt8]) -> [ArraySlice<UInt8>]? {
    var lines: [ArraySlice<UInt8>] = []
    var start = 0
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 13, index + 1 < bytes.count, bytes[index + 1] == 10 {
        lines.append(bytes[start..<index])
        index += 2
        start = index
        continue
      }
      guard byte >= 0x20 && byte != 0x7F || byte == 9 else { return nil }
      index += 1
    }
    lines.append(bytes[start...])
    return lines
  }

  private static func headers(_ lines: ArraySlice<ArraySlice<UInt8>>) throws(HTTPFault) -> [String: String] {
    var headers: [String: String] = [:]
    for line in lines {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
        line[..<colon].allSatisfy(isToken)
      else { throw HTTPFault(400, "a header is malformed") }
      let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
      let value = String(decoding: line[(colon + 1)...], as: UTF8.self).trimmingCharacters(in: .whitespaces)
      // Duplicates of these headers enable request smuggling.
      if headers[name] != nil, ["host", "content-length", "transfer-encoding"].contains(name) {
        throw HTTPFault(400, "the header \(name) comes twice")
      }
      headers[name] = headers[name].map { "\($0)\(name == "cookie" ? "; " : ", ")\(value)" } ?? value
    }
    return headers
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  private static func query(_ text: Substring) throws(HTTPFault) -> [String: String] {
    var values: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = decoded(parts[0]), let value = decoded(parts.count > 1 ? parts[1] : ""),
        values.updateValue(value, forKey: name) == nil
      else { throw HTTPFault(400, "the query is malformed") }
    }
    return values
  }

  /// Percent-decoded; nil if it is not well-formed or has a zero byte.
  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
        rest.first != UInt8(ascii: "+"), rest.first != UInt8(ascii: "-")
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return bytes.contains(0) ? nil : SystemPath.text(bytes)
  }
}

/// Why a request is refused.
struct HTTPFault: Error, Equatable {
  /// The status of the answer.
  let status: Int
  /// One line.
  let line: String

  init(_ status: Int, _ line: String) { (self.status, self.line) = (status, line) }
}
