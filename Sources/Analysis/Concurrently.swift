import Dispatch
import Numerics
import Synchronization

/// Runs `body` for the items 0 ..< `items` on at most `threads` threads, and returns when all are done.
///
/// A thread that finishes an item takes the next, so which thread takes which differs from run to run: `body` must
/// write to a place of the item's own, so that no result depends on `threads`. All threads compute in the contract's
/// floating-point mode and restore theirs afterwards: they belong to the system and the caller.
func concurrently(_ items: Int, threads: Int, _ body: @Sendable (Int) -> Void) {
  guard threads > 1, items > 1 else {
    ArithmeticMode.standard { for item in 0..<items { body(item) } }
    return
  }
  let next = Atomic<Int>(0)
  DispatchQueue.concurrentPerform(iterations: min(threads, items)) { _ in
    ArithmeticMode.standard {
      while true {
        let item = next.add(1, ordering: .relaxed).oldValue
        if item >= items { return }
        body(item)
      }
    }
  }
}

/// The results of `body` for the items 0 ..< `items`, in order; see ``concurrently(_:threads:_:)``.
func concurrentMap<Result: Sendable>(
  _ items: Int, threads: Int, _ body: @Sendable (Int) -> Result
) -> [Result] {
  var results = [Result?](repeating: nil, count: items)
  results.withUnsafeMutableBufferPointer { places in
    nonisolated(unsafe) let places = places
    concurrently(items, threads: threads) { places[$0] = body($0) }
  }
  return results.map { $0! }
}
