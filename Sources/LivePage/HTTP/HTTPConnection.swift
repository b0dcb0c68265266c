import Foundation

/// One connection: reads request heads and writes answers, within limits of time and size.
struct HTTPConnection {
  let socket: Int32
  let limits: HTTPLimits
  let answer: @Sendable (HTTPRequest) -> HTTPResponse

  /// Serves until the client has no more requests, or breaks a rule.
  func serve() {
    var pending: [UInt8] = []
    for left in stride(from: limits.requests - 1, through: 0, by: -1) {
      let response: HTTPResponse
      var isKeptAlive = false
      var hasBody = true
      do {
        guard let request = try next(&pending) else { return }
        response = answer(request)
        isKeptAlive = request.isKeptAlive && left > 0
        hasBody = request.method != "HEAD"
      } catch {
        response = HTTPResponse(error)
      }
      guard send(response, hasBody: hasBody, isKeptAlive: isKeptAlive), isKeptAlive else { break }
    }
    finish()
  }

  /// The next request; nil if the client has gone or is silent.
  private func next(_ pending: inout [UInt8]) throws(HTTPFault) -> HTTPRequest? {
    var end = Deadline(seconds: pending.isEmpty ? limits.idle : limits.head)
    var part = [UInt8](repeating: 0, count: 4096)
    var searched = 0
    while true {
      if let place = Self.end(of: pending, from: searched) {
        let head = pending[..<place]
        pending.removeFirst(place + 4)
        return try HTTPRequest(head)
      }
      guard pending.count <= HTTPRequest.mostBytes else {
        throw HTTPFault(431, "the request's head is longer than \(HTTPRequest.mostBytes) bytes")
      }
      searched = max(0, pending.count - 3)
      guard end.wait(socket, POLLIN) else {
        if pending.isEmpty { return nil }
        throw HTTPFault(408, "the request's head took longer than \(Int(limits.head)) s")
      }
      let count = recv(socket, &part, part.count, Int32(MSG_DONTWAIT))
      if count < 0, [EINTR, EAGAIN].contains(errno) { continue }
      guard count > 0 else { return nil }
      if pending.isEmpty { end = Deadline(seconds: limits.head) }
      pending += part[..<count]
    }
  }

  /// Where the first empty line begins.
  private static func end(of bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (start...max(start, bytes.count - 4)).first {
      $0 + 3 < bytes.count && bytes[$0] == 13 && bytes[$0 + 1] == 10 && bytes[$0 + 2] == 13
        && bytes[$0 + 3] == 10
    }
  }

  private func send(_ response: HTTPResponse, hasBody: Bool, isKeptAlive: Bool) -> Bool {
    let end = Deadline(seconds: limits.answer)
    guard write(response.head(isKeptAlive: isKeptAlive), until: end) else { return false }
    guard hasBody, response.status != 304 else { return true }
    switch response.body {
    case .data(let data): return write(data, until: end)
    case .file(let file):
      var left = file.size
      var part = [UInt8](repeating: 0, count: 1 << 18)
      while left > 0 {
        let count = read(file.descriptor, &part, min(left, part.count))
        guard count > 0, write(Data(part[..<count]), until: end) else { return false }
        left -= count
      }
      return true
    }
  }

  private func write(_ data: Data, until end: Deadline) -> Bool {
    var rest = data[...]
    while !rest.isEmpty {
      let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
      let count = rest.withUnsafeBytes { Foundation.send(socket, $0.baseAddress, $0.count, flags) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else {
        guard count < 0, [EINTR, EAGAIN].contains(errno), end.wait(socket, POLLOUT) else { return false }
      }
    }
    return true
  }

  /// Lets the client read the answer: closing with unread bytes would reset the connection.
  private func finish() {
    shutdown(socket, Int32(SHUT_WR))
    let end = Deadline(seconds: limits.rest)
    var part = [UInt8](repeating: 0, count: 4096)
    while end.wait(socket, POLLIN), recv(socket, &part, part.count, Int32(MSG_DONTWAIT)) > 0 {}
  }
}

/// Limits for one client.
package struct HTTPLimits: Sendable {
  /// Connections at a time.
  package var connections = 64
  /// Requests on one connection.
  package var requests = 1000
  /// Seconds that a connection may wait for its next request.
  package var idle = 30.0
  /// Seconds for a request's head to arrive.
  package var head = 10.0
  /// Seconds to send an answer.
  package var answer = 60.0
  /// Seconds to drain what a refused client still sends.
  package var rest = 1.0

  /// The defaults.
  package init() {}
}

/// A time at which waiting ends.
private struct Deadline {
  private let end: ContinuousClock.Instant

  init(seconds: Double) { end = ContinuousClock.now + .seconds(seconds) }

  /// Waits until the socket can be read or written; false if that took too long.
  func wait(_ socket: Int32, _ events: Int32) -> Bool {
    while true {
      let left = ContinuousClock.now.duration(to: end) / .milliseconds(1)
      guard left > 0 else { return false }
      var entry = pollfd(fd: socket, events: Int16(events), revents: 0)
      let found = poll(&entry, 1, Int32(left.rounded(.up)))
      if found > 0 { return true }
      if found < 0, errno != EINTR { return false }
    }
  }
}
