import Programs
import Synchronization

/// A backend that computes what another one does and calls hooks of a test.
package struct HookedBackend: Backend {
  package let device: DeviceInfo
  private let base: any Backend
  private let hooks: Hooks

  /// The hooks; each is called on any thread.
  fileprivate struct Hooks: Sendable {
    /// After every step of training.
    var afterStep: @Sendable (any PreparedProgram) throws -> Void = { _ in }
    /// After every read from a buffer's beginning, with what was read.
    var afterRead: @Sendable (Buffer, UnsafeMutableRawBufferPointer) -> Void = { _, _ in }
  }

  /// Calls `body` once `steps` training steps are done, whatever programs they belong to.
  package init(
    _ base: any Backend, afterSteps steps: Int, _ body: @escaping @Sendable () throws -> Void
  ) {
    let countdown = Countdown(steps)
    (self.base, device) = (base, base.device)
    hooks = Hooks(afterStep: { _ in if countdown.isLast() { try body() } })
  }

  /// Reads one bit wrong, once.
  package init(_ base: any Backend, flipping flip: Flip) {
    self.base = base
    device = DeviceInfo(identifier: "flip:0", name: "a bit wrong", kind: .accelerator, driver: "", units: 1)
    hooks = Hooks(afterRead: { flip.falsify($0, $1) })
  }

  /// Keeps one bit of a buffer wrong from the end of step `steps` on, as a faulty device might.
  package init(_ base: any Backend, afterSteps steps: Int, corrupting buffer: String, place: Int, bit: UInt32)
  {
    let countdown = Countdown(steps)
    self.base = base
    device = DeviceInfo(identifier: "flip:0", name: "a bit wrong", kind: .accelerator, driver: "", units: 1)
    hooks = Hooks(afterStep: { program in
      guard countdown.isLast(), let buffer = program.program.buffers.first(where: { $0.name == buffer })
      else { return }
      var word: UInt32 = 0
      try withUnsafeMutableBytes(of: &word) { try program.read(buffer, at: 4 * place, into: $0) }
      word ^= 1 << bit
      try withUnsafeBytes(of: word) { try program.write($0, to: buffer, at: 4 * place) }
    })
  }

  package func prepare(_ program: Program) throws -> any PreparedProgram {
    HookedProgram(try base.prepare(program), hooks)
  }
}

private final class HookedProgram: PreparedProgram {
  private let base: any PreparedProgram
  private let hooks: HookedBackend.Hooks

  init(_ base: any PreparedProgram, _ hooks: HookedBackend.Hooks) { (self.base, self.hooks) = (base, hooks) }

  var program: Program { base.program }
  func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer, at offset: Int) throws {
    try base.write(bytes, to: buffer, at: offset)
  }
  func read(_ buffer: Buffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
    try base.read(buffer, at: offset, into: bytes)
    if offset == 0 { hooks.afterRead(buffer, bytes) }
  }
  func run(_ routine: Routine.Name, step: Int) throws {
    try base.run(routine, step: step)
    if routine == .update { try hooks.afterStep(base) }
  }
  func synchronize() throws { try base.synchronize() }
}

/// Counts down once, from any thread.
private final class Countdown: Sendable {
  private let rest: Mutex<Int>

  init(_ count: Int) { rest = Mutex(count) }

  /// Decrements; whether it reached zero.
  func isLast() -> Bool {
    rest.withLock {
      $0 -= 1
      return $0 == 0
    }
  }
}
