import Foundation
import Synchronization

/// A barrier at which a number of threads wait for each other.
final class Gathering: Sendable {
  private let count: Int
  private let arrived = Atomic(0)

  init(_ count: Int) { self.count = count }

  /// Whether all have arrived.
  var isComplete: Bool { arrived.load(ordering: .relaxed) >= count }

  /// Waits for the others, but at most one minute.
  func wait() {
    arrived.add(1, ordering: .relaxed)
    let deadline = ContinuousClock.now + .seconds(60)
    while !isComplete, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.001) }
  }
}
