/// Map to features in PyTorch's order: feature (c·H + y)·W + x takes value (c, y, x).
///
/// Shapes: [N, C, H, W] → [N, C·H·W].
public struct Flatten: Descriptor {
  public let input: Buffer
  public let output: Buffer

  /// Throws: ``ProgramError`` where the counts differ.
  public init(input: Buffer, output: Buffer) throws {
    try requireFlattened("flatten", map: input, features: output)
    self.input = input
    self.output = output
  }

  public var kind: Operation.Kind { .flatten }
  public var chunkedBatch: Int? { input.images?.batch }
  public var reads: [Buffer] { [input] }
  public var writes: [Buffer] { [output] }
  public var flops: Int { 0 }

  public func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Features to map, the inverse of ``Flatten`` (and its gradient).
///
/// Shapes: [N, C·H·W] → [N, C, H, W].
public struct Unflatten: Descriptor {
  public let input: Buffer
  public let output: Buffer

  /// Throws: ``ProgramError`` where the counts differ.
  public init(input: Buffer, output: Buffer) throws {
    try requireFlattened("unflatten", map: output, features: input)
    self.input = input
    self.output = output
  }

  public var kind: Operation.Kind { .unflatten }
  public var chunkedBatch: Int? { output.images?.batch }
  public var reads: [Buffer] { [input] }
  public var writes: [Buffer] { [output] }
  public var flops: Int { 0 }

  public func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
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
