/// An operation with everything that defines it: its buffers, sizes and constants.
///
/// A descriptor owns its shape checks: it cannot be made with buffers that do not fit. Backends trust it.
public protocol Descriptor: Hashable, Sendable {
  /// Buffers it reads.
  var reads: [Buffer] { get }
  /// Buffers it writes.
  var writes: [Buffer] { get }
  /// What of the written is a result: all but scratch, which a backend may leave in any state.
  var results: [Buffer] { get }
  /// Floating-point operations of one run, padding lanes not counted.
  var flops: Int { get }
}

extension Descriptor {
  /// All that it writes.
  public var results: [Buffer] { writes }
}

func requireImages(
  _ operation: String, _ role: String, _ buffer: Buffer, _ batch: Int, _ shape: MapShape
) throws {
  guard let images = buffer.images else {
    throw ProgramError(operation, "\(role) \(buffer.name) holds no images")
  }
  try require(
    images.batch == batch && images.shape == shape, operation,
    "\(role) is \(images.batch) × \(images.shape), expected \(batch) × \(shape)")
}

func requireFeatures(_ operation: String, _ role: String, _ buffer: Buffer) throws -> (batch: Int, Int) {
  guard let images = buffer.images, images.shape.height == 1, images.shape.width == 1 else {
    throw ProgramError(operation, "\(role) \(buffer.name) is not a batch of features")
  }
  return (images.batch, images.shape.channels)
}

func requireParameter(
  _ operation: String, _ role: String, _ buffer: Buffer, _ shape: ParameterShape
) throws {
  guard case .parameter(let got) = buffer.contents else {
    throw ProgramError(operation, "\(role) \(buffer.name) is no parameter")
  }
  let order = ["", "count", "out, in", "", "out or in, in or out, height, width"][shape.dimensions.count]
  try require(got == shape, operation, "\(role) is \(got), expected \(shape) (\(order))")
}

func requireSame(_ operation: String, _ a: Buffer, _ b: Buffer) throws {
  guard let first = a.images, let second = b.images else {
    throw ProgramError(operation, "\(a.name) and \(b.name) must hold images")
  }
  try require(
    first == second, operation,
    "\(a.name) is \(first.batch) × \(first.shape), \(b.name) is \(second.batch) × \(second.shape)")
}
