/// An operation with everything that defines it: its buffers, sizes and constants.
///
/// A descriptor owns its shape checks: it cannot be made with buffers that do not fit. Backends trust it.
package protocol Descriptor: Hashable, Sendable {
  /// What kind of operation it is.
  var kind: Operation.Kind { get }
  /// The batch size, if the result for a chunk of images (``Blocking/chunk``) depends on that chunk alone:
  /// a backend may then run several operations on one chunk before the next. Nil if images of different chunks are
  /// combined. A test checks this by changing all other chunks.
  var chunkedBatch: Int? { get }
  /// Buffers it reads.
  var reads: [Buffer] { get }
  /// Buffers it writes.
  var writes: [Buffer] { get }
  /// The results: all written buffers except scratch, which a backend may leave in any state.
  var results: [Buffer] { get }
  /// Floating-point operations of one run, padding lanes not counted.
  var flops: Int { get }
  /// Bytes of one run: all of its buffers, unless it accesses only a small part of a large one.
  var traffic: (read: Int, written: Int) { get }
  /// The launches of `launcher`.
  func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch]
}

extension Descriptor {
  /// All buffers it writes.
  package var results: [Buffer] { writes }

  /// All of its buffers.
  package var traffic: (read: Int, written: Int) {
    func bytes(_ buffers: [Buffer]) -> Int { buffers.reduce(0) { $0 + $1.contents.byteCount } }
    return (bytes(reads), bytes(writes))
  }
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

/// Checks that a buffer is an arena of at least this length.
func requireFloats(_ operation: String, _ role: String, _ buffer: Buffer, atLeast count: Int) throws {
  switch buffer.contents {
  case .floats, .parameter: break
  default: throw ProgramError(operation, "\(role) \(buffer.name) holds no floats")
  }
  try requireCount(operation, role, buffer, atLeast: count)
}

func requireWords(_ operation: String, _ role: String, _ buffer: Buffer, atLeast count: Int) throws {
  guard case .words = buffer.contents else {
    throw ProgramError(operation, "\(role) \(buffer.name) holds no words")
  }
  try requireCount(operation, role, buffer, atLeast: count)
}

func requireBytes(_ operation: String, _ role: String, _ buffer: Buffer, atLeast count: Int) throws {
  guard case .bytes = buffer.contents else {
    throw ProgramError(operation, "\(role) \(buffer.name) holds no bytes")
  }
  try requireCount(operation, role, buffer, atLeast: count)
}

private func requireCount(_ operation: String, _ role: String, _ buffer: Buffer, atLeast count: Int) throws {
  try require(
    buffer.count >= count, operation,
    "\(role) \(buffer.name) holds \(buffer.count), expected at least \(count)")
}

/// Checks that the segments to join or update are constants of the program, and in range.
func requireSegments(_ operation: String, _ buffer: Buffer, _ allowed: (UInt32) -> Bool) throws {
  guard case .constant(let words) = buffer.storage else {
    throw ProgramError(operation, "segments \(buffer.name) are no constant")
  }
  if let wrong = words.first(where: { !allowed($0) }) {
    throw ProgramError(operation, "segments \(buffer.name) hold \(wrong), which is out of range")
  }
}

func requireSame(_ operation: String, _ a: Buffer, _ b: Buffer) throws {
  guard let first = a.images, let second = b.images else {
    throw ProgramError(operation, "\(a.name) and \(b.name) must hold images")
  }
  try require(
    first == second, operation,
    "\(a.name) is \(first.batch) × \(first.shape), \(b.name) is \(second.batch) × \(second.shape)")
}
