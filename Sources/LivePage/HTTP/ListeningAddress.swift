import Foundation

/// Why the page cannot be served.
package struct LivePageError: Error, CustomStringConvertible, Equatable {
  /// The kind of error.
  package enum Kind: Sendable {
    /// The address, the port or the token.
    case usage
    /// The folder or the system.
    case system
  }

  /// The kind of error.
  package let kind: Kind
  /// The message, in one line.
  package let description: String

  init(_ kind: Kind, _ description: String) { (self.kind, self.description) = (kind, description) }
}

/// An address of this machine to listen on.
struct ListeningAddress: Sendable {
  /// The numeric address: `127.0.0.1`.
  let text: String
  private let bytes: [UInt8]
  private let family: Int32

  /// Looks up an address or name.
  ///
  /// - Throws: ``LivePageError``.
  init(_ name: String) throws {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE
    var found: UnsafeMutablePointer<addrinfo>?
    let code = name.isEmpty ? EAI_NONAME : getaddrinfo(name, nil, &hints, &found)
    defer { if found != nil { freeaddrinfo(found) } }
    guard code == 0, let info = found?.pointee, let address = info.ai_addr else {
      throw LivePageError(
        .usage,
        "--host is '\(name)': expected an address of this machine, such as 127.0.0.1, 0.0.0.0 or :: (\(String(cString: gai_strerror(code))))"
      )
    }
    family = info.ai_family
    bytes = Array(UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen)))
    var numbers = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    getnameinfo(
      address, info.ai_addrlen, &numbers, socklen_t(numbers.count), nil, 0, NI_NUMERICHOST)
    text = String(decoding: numbers.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether only this machine can reach it.
  var isLoopback: Bool { text == "::1" || family == AF_INET && text.hasPrefix("127.") }

  /// The host in URLs: a name that others know, if it means all addresses.
  var urlHost: String {
    if ["0.0.0.0", "::"].contains(text) { return ProcessInfo.processInfo.hostName }
    return text.contains(":") ? "[\(text)]" : text
  }

  /// Creates a listening socket.
  ///
  /// - Throws: ``LivePageError``.
  func listen(port: Int) throws -> (socket: Int32, port: Int) {
    let socket = Foundation.socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { throw Self.failure(text, port) }
    var one: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    var place = bytes
    // Port and family are at the same offsets in both address families.
    (place[2], place[3]) = (UInt8(port >> 8), UInt8(port & 255))
    var size = socklen_t(place.count)
    let isListening = place.withUnsafeMutableBytes { buffer in
      let address = buffer.baseAddress!.assumingMemoryBound(to: sockaddr.self)
      return bind(socket, address, size) == 0 && Foundation.listen(socket, 64) == 0
        && getsockname(socket, address, &size) == 0
    }
    guard isListening else {
      defer { close(socket) }
      throw Self.failure(text, port)
    }
    return (socket, Int(place[2]) << 8 | Int(place[3]))
  }

  private static func failure(_ text: String, _ port: Int) -> LivePageError {
    let code = errno
    switch code {
    case EADDRINUSE:
      return LivePageError(
        .system, "port \(port) of \(text) is in use: name another (--port), or 0 for a free one")
    case EADDRNOTAVAIL:
      return LivePageError(.usage, "--host is \(text), which is no address of this machine")
    case EACCES:
      return LivePageError(.system, "port \(port) is kept for the system: name one from 1024 (--port)")
    default:
      return LivePageError(
        .system,
        "cannot listen on port \(port) of \(text): \(String(cString: strerror(code))) (errno \(code))")
    }
  }
}
