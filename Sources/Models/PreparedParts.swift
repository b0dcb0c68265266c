import Numerics
import Programs

/// Sums over some of a batch's parts in this process's memory; on the CPU backend, the device's own buffers.
package final class PartSums {
  /// The gradients in packed order, for each of ``PreparedModel/partNodes``.
  package let gradients: [UnsafeMutableBufferPointer<Float>]
  /// Their sums of losses, and one extra value for the code that joins them.
  package let losses: [UnsafeMutableBufferPointer<Float>]
  /// Whether the gradients are the device's own buffers.
  let isInPlace: Bool
  /// Keeps the device's memory alive.
  private let prepared: any PreparedProgram

  fileprivate init(_ model: PreparedModel) {
    let (training, share, slots) = model.parts()
    let (count, nodes) = (model.table.arenaCount, training.nodes)
    prepared = model.prepared
    let memory = prepared.memory(of: training.gradients)?.assumingMemoryBound(to: Float.self)
    isInPlace = memory != nil
    gradients = nodes.map { node in
      guard let memory else { return .allocate(capacity: count) }
      return UnsafeMutableBufferPointer(
        start: memory + (node.lowerBound - share.lowerBound) * count, count: count)
    }
    losses = nodes.map { _ in .allocate(capacity: slots + 1) }
    for sums in losses { sums.initialize(repeating: 0) }
  }

  deinit {
    losses.forEach { $0.deallocate() }
    if !isInPlace { gradients.forEach { $0.deallocate() } }
  }
}

/// A model that computes some of a batch's parts: exporting and importing sums between the two halves of a step.
extension PreparedModel {
  /// Floats of a sum over parts, gradients and losses, and one more.
  package var partSumCount: Int { table.arenaCount + slots.count + 1 }

  /// The nodes of the tree over all parts whose sums ``gradients(_:)`` computes, ascending; see ``PartTree``.
  package var partNodes: [Range<Int>] { model.training?.nodes ?? [] }

  /// Room for those sums.
  package func partSums() -> PartSums { PartSums(self) }

  /// Reads those sums; waits for them.
  package func read(_ sums: PartSums) throws {
    let (training, share, slots) = parts()
    var losses = try prepared.floats(training.sums)
    for (index, node) in training.nodes.enumerated() {
      let row = node.lowerBound - share.lowerBound
      if !sums.isInPlace {
        try prepared.read(
          training.gradients, at: 4 * row * table.arenaCount,
          into: UnsafeMutableRawBufferPointer(sums.gradients[index]))
      }
      losses.withUnsafeMutableBufferPointer {
        let rows = $0.baseAddress! + row * slots
        Summation.chunkTree(rows: rows, count: node.count, stride: slots, width: slots)
        for slot in 0..<slots { sums.losses[index][slot] = rows[slot] }
      }
    }
  }

  /// Writes the first of `sums`, which is now the sum over all parts, for ``update(_:)``.
  package func write(_ sums: PartSums) throws {
    let (training, _, slots) = parts()
    if !sums.isInPlace {
      try prepared.write(UnsafeRawBufferPointer(sums.gradients[0]), to: training.gradients, at: 0)
    }
    try prepared.write(
      UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(sums.losses[0])[..<(4 * slots)]),
      to: training.sums, at: 0)
  }

  fileprivate func parts() -> (TrainHandles, share: Range<Int>, slots: Int) {
    guard let training = model.training, let share = training.share else {
      preconditionFailure("the model was not prepared for parts of a batch")
    }
    return (training, share, slots.count)
  }
}
