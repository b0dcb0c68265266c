import Foundation
import Synchronization

/// Accepts connections until it is stopped, each on a thread of its own.
///
/// It answers `GET` and `HEAD` and reads no bodies, which is all that the page needs. Written here, since small
/// libraries neither limit heads, time and number of connections nor allow adding such limits.
final class HTTPListener: Sendable {
  private struct State {
    var connections: Set<Int32> = []
    var isStopped = false
  }

  /// The port it listens on.
  let port: Int
  private let socket: Int32
  private let limits: HTTPLimits
  private let state = Mutex(State())
  private let threads = DispatchGroup()

  /// Starts listening.
  ///
  /// - Parameter port: 0 for a free one.
  /// - Throws: ``LivePageError``.
  init(_ address: ListeningAddress, port: Int, limits: HTTPLimits) throws {
    self.limits = limits
    (socket, self.port) = try address.listen(port: port)
  }

  /// Starts accepting connections.
  func start(_ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse) {
    threads.enter()
    Thread.detachNewThread { [self] in
      accept(answer)
      threads.leave()
    }
  }

  /// Ends all connections, and waits for their threads.
  func stop() {
    state.withLock { state in
      guard !state.isStopped else { return }
      state.isStopped = true
      // Threads that wait for the sockets wake up, and close them.
      for open in state.connections.union([socket]) { shutdown(open, Int32(SHUT_RDWR)) }
    }
    threads.wait()
  }

  private func accept(_ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse) {
    defer { close(socket) }
    while !state.withLock({ $0.isStopped }) {
      let connection = Foundation.accept(socket, nil, nil)
      guard connection >= 0 else {
        // Out of descriptors or memory: continue when others have ended.
        if errno != EINTR { usleep(20_000) }
        continue
      }
      _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
      let isTaken = state.withLock { state in
        guard !state.isStopped, state.connections.count < limits.connections else { return false }
        state.connections.insert(connection)
        return true
      }
      guard isTaken else {
        refuse(connection)
        continue
      }
      threads.enter()
      Thread.detachNewThread { [self] in
        HTTPConnection(socket: connection, limits: limits, answer: answer).serve()
        state.withLock {
          $0.connections.remove(connection)
          close(connection)
        }
        threads.leave()
      }
    }
  }

  /// Answers without ever blocking.
  private func refuse(_ connection: Int32) {
    let head = HTTPResponse(HTTPFault(503, "")).head(isKeptAlive: false)
    _ = head.withUnsafeBytes {
      send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }
    close(connection)
  }
}
