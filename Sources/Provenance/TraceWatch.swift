import Storage
import Synchronization
import Training

/// The first traced step in which two trainings differ, and its first tensor that differs.
package struct TraceDifference: Sendable, Equatable {
  /// Index of the step among the traced ones.
  package let index: Int
  /// From 1.
  package let epoch: Int
  /// From 1; the difference arose in the ``Training/TracePlan/interval`` steps up to this one.
  package let step: Int
  /// `epoch 2, step 7`, or `epoch 2, steps 5 to 8`.
  package let title: String
  /// `encoder.conv1.weight`, or `optimizer.m.encoder.conv1.weight`.
  package let tensor: String

  init(_ plan: TracePlan, _ index: Int, tensor: Int) {
    self.index = index
    (epoch, step) = plan.place(index)
    (title, self.tensor) = (plan.title(index), plan.tensors[tensor])
  }
}

/// Compares a training, step by step, with the trace of a run.
final class TraceWatch: Sendable {
  let trace: Trace
  private let found = Mutex<TraceDifference?>(nil)

  init(_ trace: Trace) { self.trace = trace }

  /// The first difference so far.
  var difference: TraceDifference? { found.withLock { $0 } }

  /// Compares the next step; one that the run has not reached is not compared.
  func compare(_ step: TracedStep) {
    let plan = trace.plan
    let index = plan.index(epoch: step.epoch, step: step.step)
    guard difference == nil, index < trace.count else { return }
    let theirs = trace.step(index).tensors
    guard let tensor = theirs.indices.first(where: { theirs[$0] != step.tensors[$0] }) else { return }
    found.withLock { $0 = TraceDifference(plan, index, tensor: tensor) }
  }
}

extension Trace {
  /// The first difference between two traces of one plan, found by descending in their trees: one hash of the other's
  /// is looked up for the root and one per level.
  ///
  /// - Returns: nil if everything that both hold is equal; and the number of hashes that one had to tell the other.
  package func difference(from other: Trace) -> (difference: TraceDifference?, hashes: Int) {
    var hashes = 0
    func telling(_ tree: MerkleTree) -> (Range<Int>) -> [UInt8] {
      { range in
        hashes += 1
        return tree.hash(range)
      }
    }
    let common = min(count, other.count)
    let (ours, theirs) = (tree(common), other.tree(common))
    guard let index = ours.firstDifference(in: 0..<common, from: telling(theirs)) else {
      return (nil, hashes)
    }
    let (a, b) = (MerkleTree(step(index).tensors), MerkleTree(other.step(index).tensors))
    // The steps' leaves differ, so their tensors' roots do.
    let tensor = a.firstDifference(in: a.leaves.indices, from: telling(b))!
    return (TraceDifference(plan, index, tensor: tensor), hashes)
  }
}
