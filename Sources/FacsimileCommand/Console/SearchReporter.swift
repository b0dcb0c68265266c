import Foundation
import Numerics
import Search
import Synchronization
import Training

/// Shows a search: a bar over the trials on a terminal, and a line after every trial. Called from the threads
/// that train.
final class SearchReporter: Sendable {
  private struct State {
    var ended: Int
    /// Whether others train too, and ``ended`` is from the storage.
    var isShared = false
    /// Number of trials that had ended before.
    var earlier = 0
    /// Trials of the rung, or of the search.
    var trials: Int
    var best: Trial?
    var began = ContinuousClock.now
  }

  private let state: Mutex<State>
  private let line: StatusLine
  private let isAside: Bool

  /// Reports on a search with the given `trials`; `isAside`: to standard error, because the results are JSON.
  init(_ space: SearchSpace, trials: [Trial], isAside: Bool) {
    let rung = trials.map(\.rung).max() ?? 0
    let current = trials.filter { $0.rung == rung }
    let ended = current.filter { $0.state == .done || $0.state == .failed }
    self.isAside = isAside
    line = StatusLine(isAside: isAside)
    let best = trials.filter { $0.state != .failed && $0.validationLoss != nil }.min(by: Self.isBetter)
    state = Mutex(
      State(
        ended: ended.count, earlier: ended.count, trials: rung == 0 ? space.trials : current.count, best: best
      ))
  }

  /// Shows an event.
  func report(_ event: SearchEvent) {
    state.withLock { state in
      switch event {
      case .began: break
      case .epoch(let trial, _): if trial.validationLoss != nil { note(trial, &state) }
      case .ended(let trial): end(trial, &state)
      case .rung(let number, let trials, let epochs):
        state = State(ended: 0, isShared: state.isShared, trials: trials, best: state.best)
        say("rung \(number + 1): the best \(trials) continue to epoch \(epochs)")
      case .standing(let standing):
        (state.ended, state.trials, state.isShared) = (standing.ended, standing.trials, true)
      case .lost(let trial):
        note("trial \(trial.number) was taken over by another worker: its lease had lapsed")
      case .notice(let text): note(text)
      }
      show(state)
    }
  }

  /// Erases the progress line.
  func finish() { line.clear() }

  private static func isBetter(_ a: Trial, _ b: Trial) -> Bool { a.validationLoss! < b.validationLoss! }

  private func note(_ trial: Trial, _ state: inout State) {
    if state.best.map({ Self.isBetter(trial, $0) }) ?? true { state.best = trial }
  }

  private func end(_ trial: Trial, _ state: inout State) {
    guard trial.state != .waiting else { return }
    if !state.isShared { state.ended += 1 }
    let place = "trial \(trial.number) (\(state.ended)/\(state.trials))"
    if let failure = trial.failure { return say("\(place) failed: \(failure)") }
    say(
      "\(place) · validation loss \(trial.validationLoss.map(Format.loss) ?? "–") of epoch \(trial.bestEpoch)"
        + " · \(counted(trial.epochs, "epoch")) · \(Format.time(trial.seconds))")
  }

  private func note(_ text: String) {
    line.clear()
    Console.note(text)
  }

  private func say(_ text: String) {
    line.clear()
    Console.tell(text, isAside: isAside)
  }

  private func show(_ state: State) {
    guard state.trials > 0 else { return }
    let share = Double(state.ended) / Double(state.trials)
    var text = "\(state.ended)/\(state.trials) \(Format.bar(share)) \(Int(100 * share)) %"
    if state.ended > state.earlier {
      let elapsed = state.began.duration(to: .now) / .seconds(1)
      let left = elapsed / Double(state.ended - state.earlier) * Double(state.trials - state.ended)
      text += " · \(Format.time(left)) left"
    }
    if let best = state.best, let loss = best.validationLoss {
      text += " · best \(Format.loss(loss)) (trial \(best.number))"
    }
    line.show(text)
  }
}
