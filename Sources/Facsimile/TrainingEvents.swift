import Synchronization
import Training

/// The events of a ``TrainingRun``, as they happen.
///
/// The last event is `finished`. Cancelling the listening task stops training after its step, with a checkpoint
/// if there is a folder; events continue to `finished(.interrupted)`, so that after the loop
/// everything is written. Leaving the loop early also stops training, without waiting for it.
///
/// Several tasks that listen to one value share its events.
public struct TrainingEvents: AsyncSequence, Sendable {
  private let queue: EventQueue
  private let listening: Listening

  init(_ queue: EventQueue, _ signal: StopSignal) {
    self.queue = queue
    listening = Listening(signal)
  }

  /// Starts listening.
  public func makeAsyncIterator() -> Iterator { Iterator(queue: queue, listening: listening) }

  /// Returns one event after another.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let queue: EventQueue
    fileprivate let listening: Listening

    /// The next event; nil after the last.
    ///
    /// - Throws: what ``TrainingRun/fit(through:_:)`` throws.
    public func next() async throws -> TrainingEvent? {
      // Captures no iterator, which must stay in one task.
      let signal = listening.signal
      return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { queue.take($0) }
      } onCancel: {
        signal.stop()
      }
    }
  }
}

/// Stops training when there are no more listeners.
private final class Listening: Sendable {
  let signal: StopSignal
  init(_ signal: StopSignal) { self.signal = signal }
  deinit { signal.stop() }
}

/// The queue of events from the thread that trains to the tasks that listen.
final class EventQueue: Sendable {
  typealias Continuation = CheckedContinuation<TrainingEvent?, any Error>

  private struct State {
    var events: [TrainingEvent] = []
    /// How training ended; the first reader gets the error.
    var end: Result<Void, any Error>?
    var waiting: [Continuation] = []
  }

  private let state = Mutex(State())

  func add(_ event: TrainingEvent) {
    let first: Continuation? = state.withLock { state in
      guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
      state.events.append(event)
      return nil
    }
    first?.resume(returning: event)
  }

  func finish(_ end: Result<Void, any Error>) {
    let waiting: [Continuation] = state.withLock { state in
      // An error goes to one waiting task, or to the next one.
      state.end = state.waiting.isEmpty ? end : .success(())
      defer { state.waiting = [] }
      return state.waiting
    }
    for (index, continuation) in waiting.enumerated() {
      continuation.resume(with: index == 0 ? end.map { nil } : .success(nil))
    }
  }

  func take(_ continuation: Continuation) {
    let ready: Result<TrainingEvent?, any Error>? = state.withLock { state in
      if !state.events.isEmpty { return .success(state.events.removeFirst()) }
      if let end = state.end {
        state.end = .success(())
        return end.map { nil }
      }
      state.waiting.append(continuation)
      return nil
    }
    if let ready { continuation.resume(with: ready) }
  }
}
