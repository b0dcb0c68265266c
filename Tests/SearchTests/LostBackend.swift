import Programs
import Synchronization

/// A device that is lost at the first call of one kind, and back afterwards.
final class LostBackend: Backend {
  enum Call: CaseIterable { case prepare, write, read, run }
  /// An error that the program does not know.
  struct Lost: Error {}

  let inner: any Backend
  private let call: Call
  private let isLost = Mutex(true)
  var device: DeviceInfo { inner.device }

  init(_ inner: any Backend, on call: Call) { (self.inner, self.call) = (inner, call) }

  func prepare(_ program: Program) throws -> any PreparedProgram {
    try note(.prepare)
    return LostProgram(try inner.prepare(program), self)
  }

  fileprivate func note(_ call: Call) throws {
    guard call == self.call else { return }
    try isLost.withLock { isLost in
      defer { isLost = false }
      if isLost { throw Lost() }
    }
  }
}

private final class LostProgram: PreparedProgram {
  let inner: any PreparedProgram
  let backend: LostBackend
  var program: Program { inner.program }

  init(_ inner: any PreparedProgram, _ backend: LostBackend) { (self.inner, self.backend) = (inner, backend) }

  func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer, at offset: Int) throws {
    try backend.note(.write)
    try inner.write(bytes, to: buffer, at: offset)
  }
  func read(_ buffer: Buffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
    try backend.note(.read)
    try inner.read(buffer, at: offset, into: bytes)
  }
  func run(_ routine: Routine.Name, step: Int) throws {
    try backend.note(.run)
    try inner.run(routine, step: step)
  }
  func synchronize() throws { try inner.synchronize() }
}
