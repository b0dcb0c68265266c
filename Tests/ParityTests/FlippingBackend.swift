import Programs
import Synchronization

/// A bit to be flipped, and what came of it.
final class Flip: Sendable {
  /// Reads of this buffer count.
  let buffer: String
  /// The n-th such read is falsified, n from 0.
  let read: Int
  /// Place of the 32-bit value in the buffer.
  let place: Int
  /// Which bit of it.
  let bit: UInt32
  private let state = Mutex((reads: 0, before: UInt32?.none))

  init(buffer: String, read: Int, place: Int, bit: UInt32) {
    (self.buffer, self.read, self.place, self.bit) = (buffer, read, place, bit)
  }

  /// The value before it was falsified, once it was.
  var before: UInt32? { state.withLock { $0.before } }

  func falsify(_ buffer: Buffer, _ bytes: UnsafeMutableRawBufferPointer) {
    state.withLock { state in
      guard buffer.name == self.buffer else { return }
      defer { state.reads += 1 }
      guard state.reads == read else { return }
      let value = bytes.load(fromByteOffset: 4 * place, as: UInt32.self)
      state.before = value
      bytes.storeBytes(of: value ^ 1 << bit, toByteOffset: 4 * place, as: UInt32.self)
    }
  }
}

/// A backend that computes right and, once, reads one bit wrong.
struct FlippingBackend: Backend {
  let base: any Backend
  let flip: Flip

  var device: DeviceInfo {
    DeviceInfo(identifier: "flip:0", name: "a bit wrong", kind: .accelerator, driver: "", units: 1)
  }

  func prepare(_ program: Program) throws -> any PreparedProgram {
    FlippingProgram(try base.prepare(program), flip)
  }
}

private final class FlippingProgram: PreparedProgram {
  private let base: any PreparedProgram
  private let flip: Flip

  init(_ base: any PreparedProgram, _ flip: Flip) { (self.base, self.flip) = (base, flip) }

  var program: Program { base.program }
  func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer, at offset: Int) throws {
    try base.write(bytes, to: buffer, at: offset)
  }
  func read(_ buffer: Buffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
    try base.read(buffer, at: offset, into: bytes)
    if offset == 0 { flip.falsify(buffer, bytes) }
  }
  func run(_ routine: Routine.Name, step: Int) throws { try base.run(routine, step: step) }
  func synchronize() throws { try base.synchronize() }
}
