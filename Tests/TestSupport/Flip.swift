import Programs
import Synchronization

/// A bit to flip, and the result.
package final class Flip: Sendable {
  /// The buffer whose reads count.
  package let buffer: String
  /// The read to falsify, from 0.
  package let read: Int
  /// Index of the 32-bit value in the buffer.
  package let place: Int
  /// Which bit of it.
  package let bit: UInt32
  private let state = Mutex((reads: 0, before: UInt32?.none))

  package init(buffer: String, read: Int, place: Int, bit: UInt32) {
    (self.buffer, self.read, self.place, self.bit) = (buffer, read, place, bit)
  }

  /// The value before it was falsified; nil until then.
  package var before: UInt32? { state.withLock { $0.before } }

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
