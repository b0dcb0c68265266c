import Foundation
import Testing
import Training

@Suite("Stopping", .serialized)
struct StopSignalTests {
  /// The process's current action on a signal.
  private func action(_ number: Int32) -> sigaction {
    var action = sigaction()
    sigaction(number, nil, &action)
    return action
  }

  private func isDefault(_ number: Int32) -> Bool { action(number).__sigaction_handler.sa_handler == nil }

  @Test("SIGTERM is noted, as SIGINT and SIGHUP would be")
  func interrupt() {
    var before = [action(SIGINT), action(SIGTERM), action(SIGHUP)]
    // Threads that run tests may have signals blocked.
    var (unblocked, mask) = (sigset_t(), sigset_t())
    sigemptyset(&unblocked)
    sigaddset(&unblocked, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &unblocked, &mask)
    defer {
      pthread_sigmask(SIG_SETMASK, &mask, nil)
      sigaction(SIGINT, &before[0], nil)
      sigaction(SIGTERM, &before[1], nil)
      sigaction(SIGHUP, &before[2], nil)
    }
    let other = StopSignal()
    let signal = StopSignal.onInterrupt()
    #expect(!signal.isStopped && ![SIGTERM, SIGINT, SIGHUP].contains(where: isDefault))
    raise(SIGTERM)
    #expect(signal.isStopped && !other.isStopped)
  }

  @Test("a wish of another's")
  func wish() {
    let (signal, other) = (StopSignal(), StopSignal())
    #expect(!signal.isStopped)
    signal.stop()
    #expect(signal.isStopped && !other.isStopped)
  }
}
