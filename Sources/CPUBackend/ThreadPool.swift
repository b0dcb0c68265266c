import Foundation
import Numerics
import Synchronization

/// A thread pool that shares the items of one operation after another.
///
/// Items are handed out by a counter, so delayed threads take fewer; no result depends on which thread took which item.
/// Workers spin briefly between operations, then sleep.
final class ThreadPool: @unchecked Sendable {
  /// Work on one item, by the worker with this index.
  typealias Body = (_ item: Int, _ worker: Int) -> Void

  /// Number of threads, the caller's included.
  let threads: Int
  private let generation = Atomic<Int>(0)
  private let next = Atomic<Int>(0)
  private let busy = Atomic<Int>(0)
  private let stopping = Atomic<Bool>(false)
  private let sleepers = Atomic<Int>(0)
  private let condition = NSCondition()
  // Written by the caller before it increments the generation, read by workers after they see the new one.
  private var body: Body = { _, _ in }
  private var items = 0
  private var grain = 1

  /// Spins (some tens of microseconds) before a worker sleeps.
  private static let patience = 20_000

  init(threads: Int) {
    self.threads = threads
    for worker in 1..<max(threads, 1) {
      let thread = Thread { [unowned(unsafe) self] in work(as: worker) }
      thread.name = "facsimile \(worker)"
      busy.add(1, ordering: .relaxed)
      thread.start()
    }
    waitForWorkers()
  }

  /// Ends the workers. The pool must not be used afterwards.
  func stop() {
    busy.store(threads - 1, ordering: .relaxed)
    stopping.store(true, ordering: .relaxed)
    wake()
    waitForWorkers()
  }

  /// Runs `body` for every item, `grain` at a time, and returns when all are done.
  ///
  /// Every thread computes in the contract's floating-point mode, whatever the mode was before; the caller's mode is
  /// restored after the run.
  func run(items: Int, grain: Int = 1, _ body: Body) {
    ArithmeticMode.standard { share(items: items, grain: grain, body) }
  }

  private func share(items: Int, grain: Int, _ body: Body) {
    if threads == 1 || items <= grain {
      for item in 0..<items { body(item, 0) }
      return
    }
    withoutActuallyEscaping(body) { body in
      self.body = body
      self.items = items
      self.grain = grain
      next.store(0, ordering: .relaxed)
      busy.store(threads - 1, ordering: .relaxed)
      wake()
      takeItems(as: 0)
      waitForWorkers()
      self.body = { _, _ in }
    }
  }

  private func wake() {
    generation.add(1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      condition.lock()
      condition.broadcast()
      condition.unlock()
    }
  }

  private func takeItems(as worker: Int) {
    // Read once, not for every item: each read updates a reference count that all threads share.
    let (body, items, grain) = (body, items, grain)
    while true {
      let first = next.add(grain, ordering: .relaxed).oldValue
      if first >= items { return }
      for item in first..<min(first + grain, items) { body(item, worker) }
    }
  }

  private func waitForWorkers() {
    var rounds = 0
    while busy.load(ordering: .acquiring) > 0 {
      rounds += 1
      // On a machine with fewer free cores than threads the worker may be waiting for ours.
      if rounds > Self.patience { sched_yield() }
    }
  }

  private func work(as worker: Int) {
    var seen = 0
    busy.subtract(1, ordering: .releasing)
    while true {
      seen = waitForWork(after: seen)
      if stopping.load(ordering: .relaxed) { break }
      ArithmeticMode.establish()
      takeItems(as: worker)
      busy.subtract(1, ordering: .releasing)
    }
    busy.subtract(1, ordering: .releasing)
  }

  private func waitForWork(after seen: Int) -> Int {
    for _ in 0..<Self.patience {
      let now = generation.load(ordering: .acquiring)
      if now != seen { return now }
    }
    condition.lock()
    defer { condition.unlock() }
    sleepers.add(1, ordering: .sequentiallyConsistent)
    defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
    while true {
      let now = generation.load(ordering: .sequentiallyConsistent)
      if now != seen { return now }
      condition.wait()
    }
  }
}
