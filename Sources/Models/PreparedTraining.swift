import Programs

extension PreparedModel {
  private var training: TrainHandles {
    guard let training = model.training else {
      preconditionFailure("the model was prepared for evaluation only")
    }
    return training
  }

  /// Prepares the device for an epoch.
  ///
  /// - Parameters:
  ///   - batches: indices of the resident images of every step, at most as many batches as there is room for.
  ///   - table: the table of steps; see ``Configuration/trainingTable(epoch:batches:)``.
  ///   - losses: the losses of the steps already completed.
  package func beginEpoch(_ batches: [ArraySlice<UInt32>], table: [UInt32], losses: [Float] = []) throws {
    try write(batches, table: table, to: training.batches)
    window?.begin(.training, batches)
    try prepared.write([UInt32.max], to: training.status)
    if !losses.isEmpty { try prepared.write(losses, to: training.batches.losses) }
  }

  /// Starts one step of training.
  package func step(_ step: Int) throws {
    try gradients(step)
    try update(step)
  }

  /// The first half of a step: forward and backward, computing gradients and sums of losses for each part of the batch.
  package func gradients(_ step: Int) throws {
    try window?.provide(.training, step)
    try prepared.run(.gradients, step: step)
    try window?.provideAhead(.training, step + 1)
  }

  /// The second half: joins the parts, stores losses and updates the parameters.
  package func update(_ step: Int) throws { try prepared.run(.update, step: step) }

  /// Trains one step like ``step(_:)``, but waits after each operation, and says how long each took.
  package func times(_ step: Int) throws -> [OperationTime] {
    try prepared.times(.gradients, step: step) + prepared.times(.update, step: step)
  }

  /// The losses of the first `steps` steps of the epoch, slot by slot; waits for them.
  package func losses(steps: Int) throws -> [Float] {
    try prepared.floats(training.batches.losses, count: steps * slots.count)
  }

  /// The loss of one step; waits for it.
  package func loss(step: Int) throws -> Double {
    var value: Float = 0
    try withUnsafeMutableBytes(of: &value) {
      try prepared.read(training.batches.losses, at: 4 * step * slots.count, into: $0)
    }
    return Double(value)
  }

  /// The first value of the epoch that is not finite: its step, and the tensor (nil: the loss); nil if all is finite.
  package func notFinite() throws -> (step: Int, tensor: Parameter?)? {
    let status = try prepared.words(training.status)[0]
    guard status != UInt32.max else { return nil }
    let (step, place) = Int(status).quotientAndRemainder(dividingBy: table.parameters.count + 1)
    return (step, place == 0 ? nil : table.parameters[place - 1])
  }

  /// Writes the rows of indices and the table of steps.
  func write(_ batches: [ArraySlice<UInt32>], table: [UInt32], to buffers: BatchBuffers) throws {
    if let wrong = batches.joined().first(where: { $0 >= model.datasetImages }) {
      throw ProgramError("batches", "image \(wrong) of \(model.datasetImages)")
    }
    guard table.count <= buffers.table.count, table.count == batches.count * StepTable.width else {
      throw ProgramError("batches", "a table of \(table.count) words for \(batches.count) steps")
    }
    try prepared.write(buffers.rows(batches), to: buffers.indices)
    try prepared.write(table, to: buffers.table)
  }
}
