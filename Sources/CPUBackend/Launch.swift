import Programs

/// One operation, bound to memory: `items` pieces of work that may run in any order on any thread.
struct Launch {
  let items: Int
  /// Items per chunk of images, if items come chunk by chunk.
  let perChunk: Int?
  /// Items handed out at a time: more than one if they are small.
  let grain: Int
  let body: (_ item: Int, _ worker: Int, _ step: Int) -> Void

  init(
    items: Int, perChunk: Int? = nil, grain: Int = 1,
    _ body: @escaping (_ item: Int, _ worker: Int, _ step: Int) -> Void
  ) {
    self.items = items
    self.perChunk = perChunk
    self.grain = grain
    self.body = body
  }
}

/// Launches between two synchronisation points.
///
/// If every thread has enough chunks, a chunk of images goes through all operations of a stretch on one
/// thread: what one operation writes is in that thread's cache when the next reads it, without waiting.
/// Otherwise (small batches) the threads share every operation.
struct Stretch {
  private let launches: [Launch]
  /// Number of chunks to process one by one; nil: operation by operation.
  private let chunks: Int?

  init(launches: [Launch], chunks: Int?) {
    precondition(
      chunks == nil || launches.allSatisfy { $0.perChunk != nil }, "an operation's items come chunk by chunk")
    self.launches = launches
    self.chunks = chunks
  }

  func run(on pool: ThreadPool, step: Int) {
    guard let chunks else {
      for launch in launches {
        pool.run(items: launch.items, grain: launch.grain) { launch.body($0, $1, step) }
      }
      return
    }
    pool.run(items: chunks) { chunk, worker in
      for launch in launches {
        let count = launch.perChunk!
        for item in chunk * count..<min((chunk + 1) * count, launch.items) { launch.body(item, worker, step) }
      }
    }
  }
}

extension Routine {
  /// The routine split at synchronisation points, as ranges of operations.
  func stretches(threads: Int) -> [Range<Int>] {
    var starts: [Int] = []
    for index in operations.indices {
      let chunks = operations[index].chunks(threads: threads)
      if index == 0 || chunks == nil || chunks != operations[index - 1].chunks(threads: threads) {
        starts.append(index)
      }
    }
    return zip(starts, starts.dropFirst() + [operations.count]).map { $0..<$1 }
  }

  /// Where the stretch of the operation at `index` starts: its operations run concurrently.
  func stretchStart(_ index: Int, threads: Int) -> Int {
    var start = index
    while start > 0, let chunks = operations[start].chunks(threads: threads),
      operations[start - 1].chunks(threads: threads) == chunks
    {
      start -= 1
    }
    return start
  }
}

extension Operation {
  /// Chunks of the operation's batch, if its items come chunk by chunk and no thread would go idle for long.
  func chunks(threads: Int) -> Int? {
    guard let batch = descriptor.chunkedBatch else { return nil }
    let chunks = Blocking.chunks(batch)
    let rounds = (chunks + threads - 1) / threads
    return chunks >= 2 && 10 * rounds * threads <= 11 * chunks ? chunks : nil
  }
}
