import Programs
import Training

/// A backend that asks to stop once it has done `steps` steps of training.
struct StoppingBackend: Backend {
  let base: any Backend
  let stopSignal = StopSignal()
  let steps: Int

  var device: DeviceInfo { base.device }

  func prepare(_ program: Program) throws -> any PreparedProgram {
    StoppingProgram(try base.prepare(program), stopSignal, steps)
  }
}

private final class StoppingProgram: PreparedProgram {
  private let base: any PreparedProgram
  private let stopSignal: StopSignal
  private var steps: Int

  init(_ base: any PreparedProgram, _ stopSignal: StopSignal, _ steps: Int) {
    (self.base, self.stopSignal, self.steps) = (base, stopSignal, steps)
  }

  var program: Program { base.program }
  func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer, at offset: Int) throws {
    try base.write(bytes, to: buffer, at: offset)
  }
  func read(_ buffer: Buffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
    try base.read(buffer, at: offset, into: bytes)
  }
  func run(_ routine: Routine.Name, step: Int) throws {
    try base.run(routine, step: step)
    guard routine == .train else { return }
    steps -= 1
    if steps == 0 { stopSignal.stop() }
  }
  func synchronize() throws { try base.synchronize() }
}
