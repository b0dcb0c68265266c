/// Map to features in PyTorch's order: feature (c·H + y)·W + x takes value (c, y, x).
///
/// Shapes: [N, C, H, W] → [N, C·H·W].
package struct Flatten: Descriptor {
  package let input: Buffer
  package let output: Buffer

  /// Throws: ``ProgramError`` if the counts differ.
  package init(input: Buffer, output: Buffer) throws {
    try requireFlattened("flatten", map: input, features: output)
    self.input = input
    self.output = output
  }

  package var kind: Operation.Kind { .flatten }
  package var chunkedBatch: Int? { input.images?.batch }
  package var reads: [Buffer] { [input] }
  package var writes: [Buffer] { [output] }
  package var flops: Int { 0 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Features to map, the inverse of ``Flatten`` (and its gradient).
///
/// Shapes: [N, C·H·W] → [N, C, H, W].
package struct Unflatten: Descriptor {
  package let input: Buffer
  package let output: Buffer

  /// Throws: ``ProgramError`` if the counts differ.
  package init(input: Buffer, output: Buffer) throws {
    try requireFlattened("unflatten", map: output, features: input)
    self.input = input
    self.output = output
  }

  package var kind: Operation.Kind { .unflatten }
  package var chunkedBatch: Int? { output.images?.batch }
  package var reads: [Buffer] { [input] }
  package var writes: [Buffer] { [output] }
  package var flops: Int { 0 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

private func requireFlattened(_ operation: String, map: Buffer, features: Buffer) throws {
  let (batch, count) = try requireFeatures(operation, "features", features)
  guard let (mapBatch, shape) = map.images else {
    throw ProgramError(operation, "\(map.name) holds no images")
  }
  try require(
    batch == mapBatch && count == shape.count, operation,
    "\(batch) × \(count) features do not match \(mapBatch) × \(shape)")
}
