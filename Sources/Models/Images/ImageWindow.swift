import Programs

/// Fills the rows of a model's window on the device: the batch of step s lies in row s mod the number of rows.
///
/// A device works in the order it is given work, so the next batch may be written as soon as a step has been started: its
/// row was read by the step before.
final class ImageWindow {
  /// What the batches are for.
  enum Use: Hashable { case training, evaluation }

  /// Bytes of a window and what is read ahead, unless a budget says otherwise.
  static let usualBytes = 1 << 26
  /// Batches that are read ahead at most: more would help no disk.
  private static let mostAhead = 16

  private let dataset: Buffer
  private let prepared: any PreparedProgram
  private let images: any ImageSource
  private let imageBytes: Int
  private let ahead: Int
  private let rowLengths: [Use: Int]
  /// The places of a batch of training that the program computes: other processes read the images of theirs.
  private let share: Range<Int>
  private var plans: [Use: Plan] = [:]
  /// What lies in the rows.
  private var rows = [Content?](repeating: nil, count: LoweredModel.windowRows)

  private struct Plan {
    let batches: [ArraySlice<UInt32>]
    let reader: BatchReader
  }

  private struct Content: Equatable {
    let use: Use
    let batch: ArraySlice<UInt32>
  }

  /// - Parameter ahead: bytes that reading ahead may take.
  init(_ model: LoweredModel, _ prepared: any PreparedProgram, _ images: any ImageSource, ahead: Int) {
    dataset = model.dataset
    self.prepared = prepared
    self.images = images
    imageBytes = model.architecture.input.count
    self.ahead = ahead
    rowLengths = [
      .training: model.training?.batches.rowLength ?? 0, .evaluation: model.evaluation.batches.rowLength,
    ]
    let parts = model.training?.share ?? 0..<model.configuration.partCount
    let size = model.configuration.partSize
    share = parts.lowerBound * size..<parts.upperBound * size
  }

  /// Takes note of the batches of an epoch, or of an evaluation.
  func begin(_ use: Use, _ batches: [ArraySlice<UInt32>]) {
    let batches =
      use == .evaluation ? batches : batches.map { $0.dropFirst(share.lowerBound).prefix(share.count) }
    let row = max((batches.map(\.count).max() ?? 0) * imageBytes, 1)
    plans[use] = Plan(
      batches: batches,
      reader: BatchReader(
        images, imageBytes: imageBytes, batches, ahead: min(max(ahead / row, 2), Self.mostAhead)))
  }

  /// The same, where there is such a step.
  func provideAhead(_ use: Use, _ step: Int) throws {
    if let plan = plans[use], step < plan.batches.count { try provide(use, step) }
  }

  /// Has the batch of `step` in its row.
  ///
  /// - Throws: what the source or the device throws.
  func provide(_ use: Use, _ step: Int) throws {
    guard let plan = plans[use], step < plan.batches.count else {
      preconditionFailure("no batch was given for step \(step)")
    }
    let row = step % rows.count
    let content = Content(use: use, batch: plan.batches[step])
    // The likelihood draws for the same batch again and again.
    guard rows[row] != content else { return }
    rows[row] = nil
    let place = row * rowLengths[use]! + (use == .training ? share.lowerBound : 0)
    try plan.reader.take(step) { try prepared.write($0, to: dataset, at: place * imageBytes) }
    rows[row] = content
  }
}
