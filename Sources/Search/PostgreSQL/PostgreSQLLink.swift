import Foundation
import Training

/// A connection to a server that is restored when lost; thread-safe, one transaction at a time.
///
/// If the server is unreachable, attempts continue with increasing pauses of up to 15 s.
final class PostgreSQLLink: Sendable {
  private struct State {
    var connection: PostgreSQLConnection?
    /// Whether there ever was a connection: only then may a refusal be temporary.
    var wasConnected = false
    /// When the server became unreachable.
    var goneSince: ContinuousClock.Instant?
    var isAnnounced = false
    var stopSignal = StopSignal()
    var notify: @Sendable (String) -> Void
  }

  /// The database.
  let address: PostgreSQLAddress
  /// Seconds to wait for an unreachable server.
  private let patience: Double
  private let lock = NSLock()
  nonisolated(unsafe) private var state: State

  /// Seconds to wait for a server that was never reached: the address may be wrong.
  private static let firstPatience = 30.0
  /// Seconds between two attempts.
  private static let (shortestPause, longestPause) = (0.1, 15.0)

  init(_ address: PostgreSQLAddress, patience: Double, notify: @escaping @Sendable (String) -> Void) {
    (self.address, self.patience) = (address, patience)
    state = State(notify: notify)
  }

  /// Sets whom to notify of outages, and the signal that ends waiting.
  func follow(_ stopSignal: StopSignal, _ notify: @escaping @Sendable (String) -> Void) {
    lock.withLock { (state.stopSignal, state.notify) = (stopSignal, notify) }
  }

  /// Runs `body` in a transaction, and repeats it until the server accepts it.
  ///
  /// If the connection is lost during the commit, it is unknown whether the transaction was committed, so `body` must
  /// be correct when it runs again after a completed run.
  ///
  /// - Throws: `SearchError` if the server stays unreachable or refuses; what `body` throws.
  func transaction<Value>(_ body: (PostgreSQLConnection) throws -> Value) throws -> Value {
    try lock.withLock {
      var pause = Self.shortestPause
      var mayReconnect = state.connection != nil
      while true {
        do {
          let value = try opened().transaction(body)
          noteReturn()
          return value
        } catch let error as PostgreSQLError {
          switch error.kind {
          case .again: Thread.sleep(forTimeInterval: .random(in: 0...Self.shortestPause))
          case .refused where state.wasConnected, .gone:
            state.connection = nil
            // After a mere restart the first attempt succeeds.
            if mayReconnect { mayReconnect = false } else { try wait(for: error, &pause) }
          case .refused, .other: throw unusable(error.description)
          }
        }
      }
    }
  }

  /// Runs `body` once, and only if there is a connection; errors are ignored.
  func attempt(_ body: (PostgreSQLConnection) throws -> Void) {
    lock.withLock { try? state.connection?.transaction(body) }
  }

  private func opened() throws -> PostgreSQLConnection {
    if let connection = state.connection { return connection }
    let connection = try PostgreSQLConnection(address)
    (state.connection, state.wasConnected) = (connection, true)
    return connection
  }

  private func noteReturn() {
    if state.isAnnounced, let since = state.goneSince {
      state.notify("the database server is back after \(Self.time(since.duration(to: .now) / .seconds(1)))")
    }
    (state.goneSince, state.isAnnounced) = (nil, false)
  }

  private func wait(for error: PostgreSQLError, _ pause: inout Double) throws {
    let since = state.goneSince ?? .now
    state.goneSince = since
    let limit = state.wasConnected ? patience : min(patience, Self.firstPatience)
    let end = since + .seconds(limit)
    guard ContinuousClock.now < end else {
      let gone = state.wasConnected ? "the server is gone, and was for" : "no server answered for"
      throw unusable("\(gone) \(Self.time(limit)): \(error)" + (state.wasConnected ? Self.kept : ""))
    }
    guard !state.stopSignal.isStopped else {
      throw unusable("stopped while the server was gone: \(error)" + Self.kept)
    }
    if !state.isAnnounced {
      state.isAnnounced = true
      let gone = state.wasConnected ? "the database server is gone" : "the database server does not answer"
      state.notify("\(gone): waiting for it for up to \(Self.time(limit)) (\(error))")
    }
    // Jitter: workers that lost it together come back one by one.
    let next = min(.now + .seconds(pause * .random(in: 0.5...1)), end)
    while ContinuousClock.now < next, !state.stopSignal.isStopped {
      Thread.sleep(forTimeInterval: min(0.1, max(0, ContinuousClock.now.duration(to: next) / .seconds(1))))
    }
    pause = min(2 * pause, Self.longestPause)
  }

  private static let kept = "; what was trained is kept, and the same command resumes it"

  private func unusable(_ reason: String) -> SearchError {
    SearchError(.storage, "\(address.text) cannot be used: \(reason)")
  }

  private static func time(_ seconds: Double) -> String {
    if seconds >= 120 { return "\(Int((seconds / 60).rounded())) min" }
    return "\((seconds * 10).rounded() / 10) s".replacing(".0 s", with: " s")
  }
}
