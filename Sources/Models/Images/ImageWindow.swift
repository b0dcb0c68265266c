import Programs

/// Fills the rows of a model's window on the device: the batch of step s lies in row s mod the number of rows.
///
/// A device executes work in the order it is submitted, so once a step is started the next batch may be written: its
/// row was read by the previous step.
final class ImageWindow {
  /// What the batches are for.
  enum Use: Hashable { case training, evaluation }

  /// Default bytes for a window and the batches read ahead.
  static let usualBytes = 1 << 26
  /// Maximum number of batches read ahead: no disk gains from more.
  private static let mostAhead = 16

  private let dataset: Buffer
  private let prepared: any PreparedProgram
  private let images: any ImageSource
  private let imageBytes: Int
  private let ahead: Int
  private let rowLengths: [Use: Int]
  /// The places of a training batch that this program computes: other processes read the images of their own.
  private let share: Range<Int>
  private var plans: [Use: Plan] = [:]
  /// The contents of the rows.
  private var rows = [Content?](repeating: nil, count: LoweredModel.windowRows)

  private struct Plan {
    let batches: [ArraySlice<UInt32>]
    let reader: BatchReader
  }

  private struct Content: Equatable {
    let use: Use
    let batch: ArraySlice<UInt32>
  }

  /// - Parameter ahead: bytes that reading ahead may use.
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

  /// Sets the batches of an epoch or of an evaluation.
  func begin(_ use: Use, _ batches: [ArraySlice<UInt32>]) {
    let batches =
      use == .evaluation ? batches : batches.map { $0.dropFirst(share.lowerBound).prefix(share.count) }
    let row = max((batches.map(\.count).max() ?? 0) * imageBytes, 1)
    plans[use] = Plan(
      batches: batches,
      reader: BatchReader(
        images, imageBytes: imageBytes, batches, ahead: min(max(ahead / row, 2), Self.mostAhead)))
  }

  /// The same as `provide`; does nothing after the last step.
  func provideAhead(_ use: Use, _ step: Int) throws {
    if let plan = plans[use], step < plan.batches.count { try provide(use, step) }
  }

  /// Makes sure that the batch of `step` is in its row.
  ///
  /// - Throws: what the source or the device throws.
  func provide(_ use: Use, _ step: Int) throws {
    guard let plan = plans[use], step < plan.batches.count else {
      preconditionFailure("no batch was given for step \(step)")
    }
    let row = step % rows.count
    let content = Content(use: use, batch: plan.batches[step])
    // Estimating the likelihood uses the same batch many times.
    guard rows[row] != content else { return }
    rows[row] = nil
    let place = row * rowLengths[use]! + (use == .training ? share.lowerBound : 0)
    try plan.reader.take(step) { try prepared.write($0, to: dataset, at: place * imageBytes) }
    rows[row] = content
  }
}
