import Programs

/// Buffers for batches in and losses out.
package struct BatchBuffers: Hashable, Sendable {
  /// Rows of ``Programs/StepTable``, one per step.
  package let table: Buffer
  /// Rows of data set indices, one per step; ``Programs/BatchSource/absent`` where there is no image.
  package let indices: Buffer
  /// `losses[step · slots + slot]`; see ``PreparedModel/slots``.
  package let losses: Buffer
  /// Maximum number of steps.
  package let steps: Int
  /// Images in a full batch.
  package let batch: Int
  /// Indices in a row: at least ``batch``.
  package let rowLength: Int

  /// The rows of indices for `batches`, padded with ``Programs/BatchSource/absent``.
  package func rows(_ batches: [ArraySlice<UInt32>]) -> [UInt32] {
    precondition(batches.count <= steps, "\(batches.count) batches, room for \(steps)")
    var rows = [UInt32](repeating: BatchSource.absent, count: steps * rowLength)
    for (step, batch) in batches.enumerated() {
      precondition(batch.count <= self.batch, "\(batch.count) images, room for \(self.batch)")
      for (place, index) in batch.enumerated() { rows[step * rowLength + place] = index }
    }
    return rows
  }

  /// Splits `order` into batches; the last may be smaller.
  package func batches(_ order: [UInt32]) -> [ArraySlice<UInt32>] {
    stride(from: 0, to: order.count, by: batch).map { order[$0..<min($0 + batch, order.count)] }
  }
}
