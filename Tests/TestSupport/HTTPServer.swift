import Foundation
import Synchronization

/// A small HTTP server on loopback, for downloads; it stops with the object.
package final class HTTPServer: Sendable {
  /// A request.
  package struct Request: Sendable, Equatable {
    /// The path, with its leading slash.
    package let path: String
    /// The first byte requested.
    package let offset: Int

    package init(_ path: String, from offset: Int = 0) { (self.path, self.offset) = (path, offset) }
  }

  /// An answer.
  package struct Reply: Sendable {
    package var status = 200
    package var headers: [String] = []
    package var body = Data()
    /// Bytes of the body after which the connection is closed, or stalls; nil for all.
    package var sent: Int?
    /// Whether the connection then stalls instead of closing.
    package var stalls = false

    /// An answer without a body.
    package init(status: Int, headers: [String] = []) { (self.status, self.headers) = (status, headers) }

    /// A file, or the requested part.
    package init(
      _ file: Data, _ request: Request, knowsRanges: Bool = true, sent: Int? = nil, stalls: Bool = false
    ) {
      (self.sent, self.stalls) = (sent, stalls)
      if request.offset == 0 || !knowsRanges {
        body = file
      } else if request.offset >= file.count {
        status = 416
      } else {
        status = 206
        headers = ["Content-Range: bytes \(request.offset)-\(file.count - 1)/\(file.count)"]
        body = file.dropFirst(request.offset)
      }
    }
  }

  private let socket: Int32
  private let answer: @Sendable (Request) -> Reply
  private let log = Mutex<[Request]>([])
  private let isStopped = Mutex(false)
  private let done = DispatchGroup()
  /// Its address, without a trailing slash.
  package let address: String

  /// Starts answering.
  package init(_ answer: @escaping @Sendable (Request) -> Reply) throws {
    self.answer = answer
    socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let socket = socket
    let isListening = withUnsafeMutableBytes(of: &place) { bytes in
      let place = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
      return bind(socket, place, size) == 0 && listen(socket, 16) == 0
        && getsockname(socket, place, &size) == 0
    }
    guard isListening else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    address = "http://127.0.0.1:\(UInt16(bigEndian: place.sin_port))"
    Thread.detachNewThread { [weak self] in
      while case let connection = accept(socket, nil, nil), connection >= 0 {
        guard let self else {
          close(connection)
          break
        }
        self.begin(connection)
      }
      close(socket)
    }
  }

  deinit { stop() }

  /// Stops the server and the connections that stall. Who does not call it may lose the server right after its last use.
  package func stop() {
    isStopped.withLock { $0 = true }
    _ = shutdown(socket, Int32(SHUT_RDWR))
    done.wait()
  }

  /// All requests so far.
  package var requests: [Request] { log.withLock { $0 } }

  private func begin(_ connection: Int32) {
    done.enter()
    let (answer, done) = (answer, done)
    Thread.detachNewThread { [weak self] in
      defer {
        close(connection)
        done.leave()
      }
      guard let request = Self.request(connection) else { return }
      self?.log.withLock { $0.append(request) }
      let reply = answer(request)
      let head =
        ["HTTP/1.1 \(reply.status) Answer", "Content-Length: \(reply.body.count)", "Connection: close"]
        + reply.headers
      Self.send(Data((head.joined(separator: "\r\n") + "\r\n\r\n").utf8), to: connection)
      Self.send(reply.body.prefix(reply.sent ?? .max), to: connection)
      while reply.stalls, let self, !self.isStopped.withLock({ $0 }) { usleep(10_000) }
    }
  }

  private static func request(_ connection: Int32) -> Request? {
    var text = ""
    var part = [UInt8](repeating: 0, count: 4096)
    while !text.contains("\r\n\r\n") {
      let count = read(connection, &part, part.count)
      guard count > 0 else { return nil }
      text += String(decoding: part[..<count], as: UTF8.self)
    }
    guard let path = text.split(separator: " ").dropFirst().first else { return nil }
    let range = text.lowercased().firstMatch(of: /range: bytes=([0-9]+)-/)
    return Request(String(path), from: range.flatMap { Int($0.1) } ?? 0)
  }

  private static func send(_ data: Data, to connection: Int32) {
    var rest = [UInt8](data)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
