import Foundation
import Study
import Synchronization
import Training

/// Shows a study: on a terminal a status line with the step and the whole, and a line after every step.
/// Called from the threads that train.
final class StudyReporter: Sendable {
  private struct State {
    var number = 0
    var steps = 1
    /// Seconds of the steps done here, and their number.
    var seconds = 0.0
    var done = 0
    var spoken = ContinuousClock.now
  }

  private let state = Mutex(State())
  private let line: StatusLine
  private let isAside: Bool
  /// A piped log gets a line at least this often.
  private static let silence = Duration.seconds(20)

  /// `isAside`: to standard error, because the results are JSON.
  init(isAside: Bool) {
    self.isAside = isAside
    line = StatusLine(isAside: isAside)
  }

  /// Shows an event.
  func report(_ event: StudyEvent) {
    state.withLock { state in
      switch event {
      case .began(let step, let number, let steps):
        (state.number, state.steps) = (number, steps)
        show(step, "", &state)
      case .training(let step, .progress(let progress)):
        show(
          step, "epoch \(progress.epoch)/\(progress.epochs) · loss \(Format.loss(progress.loss))", &state)
      case .training: break
      case .search(let step, .ended(let trial)): show(step, "trial \(trial.number)", &state)
      case .search: break
      case .ended(let step, let number, let steps, let measures, let seconds):
        (state.number, state.steps) = (number, steps)
        if let seconds {
          state.seconds += seconds
          state.done += 1
        }
        let time = seconds.map(Format.time) ?? "already done"
        let figures = Self.figures(measures)
        say(
          "step \(number)/\(steps) · \(step.title)\(figures.isEmpty ? "" : " · \(figures)") · \(time)", &state
        )
      }
    }
  }

  /// Erases the progress line.
  func finish() { line.clear() }

  /// The figures shown for a step.
  private static func figures(_ measures: [String: Double]) -> String {
    Format.metrics(measures.filter { ["loss", "accuracy", "best", "mean"].contains($0.key) })
  }

  private func say(_ text: String, _ state: inout State) {
    state.spoken = .now
    line.clear()
    Console.tell(text, isAside: isAside)
  }

  private func show(_ step: Step, _ detail: String, _ state: inout State) {
    let text = "step \(state.number)/\(state.steps) · \(step.title)" + (detail.isEmpty ? "" : " · \(detail)")
    if Console.isTerminal, !isAside {
      line.show("\(Format.bar(Double(state.number - 1) / Double(state.steps), width: 16)) \(text)")
    } else if state.spoken.duration(to: .now) > Self.silence {
      say(text, &state)
    }
  }
}
