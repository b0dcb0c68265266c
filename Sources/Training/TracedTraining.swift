import Storage

extension Trainer {
  /// Continues the trace of a run from its checkpoint; nil if it has none, or it was deleted.
  func resumedTrace(_ folder: RunFolder, _ trained: Manifest, after checkpoint: Checkpoint) throws -> (
    file: TraceFile, plan: TracePlan
  )? {
    hasLostTrace = trained.traceInterval != nil && !Files.isTaken(folder.traceFile.path)
    guard !hasLostTrace, let trace = try folder.trace(of: trained) else {
      (manifest.traceInterval, manifest.traceSteps, manifest.traceSHA256) = (nil, nil, nil)
      return nil
    }
    let count = trace.plan.count(epochs: checkpoint.epoch, step: checkpoint.step)
    let file = try TraceFile(resuming: folder.traceFile, trace, count: count)
    record(to: file, trace.plan)
    return (file, trace.plan)
  }

  func record(to file: TraceFile, _ plan: TracePlan) {
    traceFile = file
    (manifest.traceSteps, manifest.traceSHA256) = file.summary
    recorder = TraceRecorder(plan) { try file.append($0) }
  }

  /// Flushes the trace to disk and records its root in the manifest.
  func noteTrace() throws {
    try recorder?.wait()
    guard let traceFile else { return }
    try traceFile.flush()
    (manifest.traceSteps, manifest.traceSHA256) = traceFile.summary
  }

  /// Calls `body` on another thread with the hashes of every step that `plan` traces, in order; for a training without a
  /// folder.
  package func follow(_ plan: TracePlan, _ body: @escaping @Sendable (TracedStep) -> Void) {
    precondition(folder == nil, "a run folder has its own trace")
    recorder = TraceRecorder(plan, body)
  }
}
