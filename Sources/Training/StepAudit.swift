import Models
import Programs

/// The first operation of training whose result differs between two devices.
package struct AuditedOperation: Sendable, Equatable {
  /// Steps of the epoch before it.
  package let step: Int
  /// `conv2d_forward`
  package let operation: String
  /// The buffer it wrote: `train.encoder.conv1`.
  package let result: String
}

extension Trainer {
  /// Runs the next steps of the epoch on two devices, from the current state, with every buffer kept, and compares the
  /// result of every operation. The training itself does not advance.
  ///
  /// - Parameters:
  ///   - count: the number of steps, at most to the end of the epoch.
  ///   - device: the trusted device.
  ///   - other: the one in question.
  /// - Returns: the first operation with different bits; nil if there is none.
  /// - Throws: the error of a device.
  package func audit(_ count: Int, on device: any Backend, against other: any Backend) throws
    -> AuditedOperation?
  {
    if running == nil { try enterPhase() }
    let epoch = running ?? RunningEpoch(epoch + 1, configuration, data)
    let lowered = session.model.model
    let (program, operations) = (lowered.program.laidOpen(), lowered.program.trainingOperations)
    func models(_ program: Program, _ state: ModelState) throws -> [PreparedModel] {
      try [device, other].map {
        let model = try PreparedModel(lowered, program: program, images: data, on: $0)
        if let labels = data.dataset.train.labels { try model.write(labels: labels) }
        try model.write(state)
        try model.beginEpoch(epoch.batches, table: epoch.table, losses: epoch.losses)
        return model
      }
    }
    func difference(_ index: Int, _ models: [PreparedModel]) throws -> Buffer? {
      try operations[index].descriptor.results.first { buffer in
        let contents = try models.map { try $0.contents(of: buffer) }
        return contents[0] != contents[1]
      }
    }
    var state = try session.model.state()
    let both = try models(program, state)
    for step in epoch.step..<min(epoch.step + count, epoch.batches.count) {
      for model in both { try model.step(step) }
      for index in operations.indices {
        guard var buffer = try difference(index, both) else { continue }
        if program.isWritten(buffer, by: operations[(index + 1)...]) {
          // The buffer may hold the result of a later operation: so run again, up to this one.
          let parts = try models(lowered.program.laidOpen(through: index + 1), state)
          for model in parts { try model.step(step) }
          guard let first = try difference(index, parts) else { continue }
          buffer = first
        }
        return AuditedOperation(
          step: step, operation: operations[index].kind.rawValue, result: buffer.name)
      }
      state = try both[0].state()
    }
    return nil
  }
}

extension PreparedModel {
  /// The bits of a buffer, without lanes that have no image.
  fileprivate func contents(of buffer: Buffer) throws -> [UInt32] {
    if let (batch, shape) = buffer.images {
      return ImageLayout.unpack(try prepared.floats(buffer), shape, batch: batch).map(\.bitPattern)
    }
    return buffer.contents.elementBytes == 4 ? try prepared.words(buffer) : []
  }
}

extension Program {
  /// The operations of a step, in order.
  fileprivate var trainingOperations: [Operation] {
    [Routine.Name.gradients, .update].flatMap { routine($0)?.operations ?? [] }
  }

  /// Whether one of these operations writes into the memory of `buffer`.
  fileprivate func isWritten(_ buffer: Buffer, by operations: ArraySlice<Operation>) -> Bool {
    let (root, offset) = root(of: buffer)
    return operations.contains { operation in
      operation.descriptor.writes.contains { other in
        let (otherRoot, otherOffset) = self.root(of: other)
        return otherRoot.id == root.id
          && (otherOffset..<otherOffset + other.count).overlaps(offset..<offset + buffer.count)
      }
    }
  }
}
