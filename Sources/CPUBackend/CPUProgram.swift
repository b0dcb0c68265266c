import CPUKernels
import Programs

/// Binds operations to memory; each is in its own file in `Operations`.
extension Memory: OperationLauncher {}

/// A program in this process's memory.
final class CPUProgram: PreparedProgram {
  let program: Program
  private let memory: Memory
  private let pool: ThreadPool
  private var stretches: [Routine.Name: [Stretch]] = [:]

  init(_ program: Program, threads: Int, _ convolutions: any ConvolutionKernels.Type) throws {
    self.program = program
    memory = try Memory(program, threads: threads, convolutions)
    pool = ThreadPool(threads: threads)
    for routine in program.routines {
      let launches = try routine.operations.map { ($0, try memory.launches($0)) }
      stretches[routine.name] = routine.stretches(threads: threads).map { range in
        Stretch(
          Array(launches[range]), chunks: routine.operations[range.lowerBound].chunks(threads: threads))
      }
    }
  }

  deinit { pool.stop() }

  func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer, at offset: Int) throws {
    try program.checkAccess(to: buffer, bytes: bytes.count, at: offset)
    guard let from = bytes.baseAddress else { return }
    (memory.raw(buffer) + offset).copyMemory(from: from, byteCount: bytes.count)
  }

  func read(_ buffer: Buffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
    try program.checkAccess(to: buffer, bytes: bytes.count, at: offset)
    bytes.baseAddress?.copyMemory(from: memory.raw(buffer) + offset, byteCount: bytes.count)
  }

  func memory(of buffer: Buffer) -> UnsafeMutableRawPointer? { memory.raw(buffer) }

  func run(_ routine: Routine.Name, step: Int) throws {
    for stretch in try stretches(of: routine) { stretch.run(on: pool, step: step) }
  }

  func times(_ routine: Routine.Name, step: Int) throws -> [OperationTime] {
    try stretches(of: routine).flatMap { $0.times(on: pool, step: step) }
  }

  private func stretches(of routine: Routine.Name) throws -> [Stretch] {
    guard let stretches = stretches[routine] else {
      throw ProgramError("run", "the program has no routine \(routine.rawValue)")
    }
    return stretches
  }

  func synchronize() throws {}
}
