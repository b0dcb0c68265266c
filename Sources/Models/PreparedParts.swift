import Numerics
import Programs

/// A model that computes some of a batch's parts: what goes out between the two halves of a step, and what comes in.
extension PreparedModel {
  /// Floats of a sum over parts: the gradients as they are stored, then the sums of losses.
  package var partSumCount: Int { table.arenaCount + slots.count }

  /// The nodes of the tree over all parts whose sums ``gradients(_:)`` leaves, ascending; see ``PartTree``.
  package var partNodes: [Range<Int>] { model.training?.nodes ?? [] }

  /// Reads those sums, each of ``partSumCount`` floats; waits for them.
  package func readPartSums(into sums: [UnsafeMutableBufferPointer<Float>]) throws {
    let (training, share, slots) = parts()
    var losses = try prepared.floats(training.sums)
    for (node, sum) in zip(training.nodes, sums) {
      let row = node.lowerBound - share.lowerBound
      let gradients = UnsafeMutableRawBufferPointer(
        rebasing: UnsafeMutableRawBufferPointer(sum)[..<(4 * table.arenaCount)])
      try prepared.read(training.gradients, at: 4 * row * table.arenaCount, into: gradients)
      losses.withUnsafeMutableBufferPointer {
        let rows = $0.baseAddress! + row * slots
        Summation.chunkTree(rows: rows, count: node.count, stride: slots, width: slots)
        for slot in 0..<slots { sum[table.arenaCount + slot] = rows[slot] }
      }
    }
  }

  /// Writes the sum over all parts, of ``partSumCount`` floats, for ``update(_:)``.
  package func write(partSum sum: UnsafeBufferPointer<Float>) throws {
    let (training, _, slots) = parts()
    let bytes = UnsafeRawBufferPointer(sum)
    let (gradients, end) = (4 * table.arenaCount, 4 * (table.arenaCount + slots))
    try prepared.write(UnsafeRawBufferPointer(rebasing: bytes[..<gradients]), to: training.gradients, at: 0)
    try prepared.write(UnsafeRawBufferPointer(rebasing: bytes[gradients..<end]), to: training.sums, at: 0)
  }

  private func parts() -> (TrainHandles, share: Range<Int>, slots: Int) {
    guard let training = model.training, let share = training.share else {
      preconditionFailure("the model was not prepared for parts of a batch")
    }
    return (training, share, slots.count)
  }
}
