import Foundation
import Models
import Training

/// Shows training progress: a bar on a terminal, an occasional line if output is piped.
final class TrainingReporter {
  private let line: StatusLine
  private let epochs: Int
  /// Whether lines go to standard error, because the results are JSON.
  private let isAside: Bool
  private var validation: Double?
  private var spoken = ContinuousClock.now
  /// A piped log gets a line at least this often.
  private static let silence = Duration.seconds(15)

  /// Reports on a training of `epochs` epochs.
  init(epochs: Int, isAside: Bool) {
    self.epochs = epochs
    self.isAside = isAside
    line = StatusLine(isAside: isAside)
  }

  /// Shows an event.
  func report(_ event: TrainingEvent) {
    switch event {
    case .progress(let progress): show(progress)
    case .epoch(let record, let isBest): say(summary(record, isBest))
    case .phase(let phase): say("now training \(phase.layers)")
    case .finished: finish()
    }
  }

  /// Erases the progress line.
  func finish() { line.clear() }

  private func say(_ text: String) {
    spoken = .now
    line.clear()
    Console.tell(text, isAside: isAside)
  }

  private func show(_ progress: TrainingProgress) {
    let share = Double(progress.step) / Double(progress.steps)
    // Training / validation after the last epoch.
    let losses = Format.loss(progress.loss) + (validation.map { " / \(Format.loss($0))" } ?? "")
    let facts =
      "loss \(losses) · \(Format.rate(progress.imagesPerSecond))"
      + " · \(Format.time(progress.remainingSeconds)) left"
    if Console.isTerminal, !isAside {
      // The bar takes the columns that the figures leave.
      let figures = "\(Int(100 * share)) % · \(facts)"
      let width = min(Console.columns - title(progress.epoch).count - figures.count - 3, 30)
      let bar = width < 4 ? "" : Format.bar(share, width: width) + " "
      line.show("\(title(progress.epoch)) \(bar)\(figures)")
    } else if spoken.duration(to: .now) > Self.silence {
      say("\(title(progress.epoch)) \(Int(100 * share)) % · \(facts)")
    }
  }

  private func summary(_ record: EpochRecord, _ isBest: Bool) -> String {
    validation = record.validationLoss
    // At most a hundred columns.
    var text = "\(title(record.epoch)) · train loss \(Format.loss(record.trainLoss))"
    if let loss = record.validationLoss {
      text += " · validation \(Format.loss(loss))\(Format.detail(record.validationMetrics))"
    } else {
      text += Format.detail(record.trainMetrics)
    }
    text += " · \(Format.time(record.seconds)) · \(Format.rate(record.imagesPerSecond))"
    return isBest ? text + " · best" : text
  }

  private func title(_ epoch: Int) -> String {
    let total = "\(epochs)"
    let number = "\(epoch)"
    return "epoch " + String(repeating: " ", count: max(0, total.count - number.count)) + "\(number)/\(total)"
  }
}
