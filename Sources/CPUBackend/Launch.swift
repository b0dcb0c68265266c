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
/// thread, without waiting. What only they need has room for one chunk per thread, and stays in that thread's cache.
/// Otherwise (small batches) the threads share every operation.
struct Stretch {
  private let operations: [(operation: Operation, launches: [Launch])]
  /// Number of chunks to process one by one; nil: operation by operation.
  private let chunks: Int?

  init(_ operations: [(Operation, [Launch])], chunks: Int?) {
    precondition(
      chunks == nil || operations.allSatisfy { $0.1.allSatisfy { $0.perChunk != nil } },
      "an operation's items come chunk by chunk")
    self.operations = operations
    self.chunks = chunks
  }

  func run(on pool: ThreadPool, step: Int) {
    guard let chunks else {
      for (_, launches) in operations { run(launches, on: pool, step) }
      return
    }
    pool.run(items: chunks) { chunk, worker in
      for (_, launches) in operations { run(launches, chunk, worker, step) }
    }
  }

  /// Runs it, and says how long each operation took: from chunk to chunk, the threads' time divided by their number.
  func times(on pool: ThreadPool, step: Int) -> [OperationTime] {
    guard let chunks else {
      return operations.map { operation, launches in
        OperationTime([operation]) { run(launches, on: pool, step) }
      }
    }
    var seconds = [Double](repeating: 0, count: pool.threads * operations.count)
    seconds.withUnsafeMutableBufferPointer { seconds in
      nonisolated(unsafe) let seconds = seconds
      pool.run(items: chunks) { chunk, worker in
        for (index, (operation, launches)) in operations.enumerated() {
          seconds[worker * operations.count + index] +=
            OperationTime([operation]) { run(launches, chunk, worker, step) }.seconds
        }
      }
    }
    return operations.indices.map { index in
      let all = (0..<pool.threads).reduce(0) { $0 + seconds[$1 * operations.count + index] }
      return OperationTime([operations[index].operation], seconds: all / Double(pool.threads))
    }
  }

  private func run(_ launches: [Launch], on pool: ThreadPool, _ step: Int) {
    for launch in launches {
      pool.run(items: launch.items, grain: launch.grain) { launch.body($0, $1, step) }
    }
  }

  /// One chunk, on one thread.
  private func run(_ launches: [Launch], _ chunk: Int, _ worker: Int, _ step: Int) {
    for launch in launches {
      let count = launch.perChunk!
      for item in chunk * count..<min((chunk + 1) * count, launch.items) { launch.body(item, worker, step) }
    }
  }
}

extension Program {
  /// Ids of buffers that are needed one chunk at a time: in every routine, only operations of one stretch use them, and
  /// go through them chunk by chunk.
  func chunkLocal(threads: Int) -> Set<Int> {
    var local = Set(buffers.filter { $0.storage == .transient && $0.images != nil }.map(\.id))
    for routine in routines {
      var stretchOf: [Int: Int] = [:]
      for (index, operation) in routine.operations.enumerated() {
        let descriptor = operation.descriptor
        let stretch = routine.stretchStart(index, threads: threads)
        for buffer in descriptor.reads + descriptor.writes {
          let root = root(of: buffer).buffer.id
          let goesByChunks =
            operation.chunks(threads: threads) != nil && buffer.id == root
            && descriptor.chunkedBatch == buffer.images?.batch
          if !goesByChunks || stretchOf[root, default: stretch] != stretch { local.remove(root) }
          stretchOf[root] = stretch
        }
      }
    }
    return local
  }
}

extension Buffer {
  /// Bytes of a chunk of these images.
  var chunkBytes: Int { images!.shape.count * Blocking.chunk * MemoryLayout<Float>.size }
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
    descriptor.chunkedBatch.flatMap { Blocking.chunksOneByOne($0, threads: threads) }
  }
}

extension Blocking {
  /// Chunks of a batch, if they keep all threads busy, one on each.
  static func chunksOneByOne(_ batch: Int, threads: Int) -> Int? {
    let chunks = chunks(batch)
    let rounds = (chunks + threads - 1) / threads
    return chunks >= 2 && 10 * rounds * threads <= 11 * chunks ? chunks : nil
  }
}
