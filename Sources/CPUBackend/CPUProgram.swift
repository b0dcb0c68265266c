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
  private var launches: [Routine.Name: [(Operation, [Launch])]] = [:]

  init(_ program: Program, threads: Int, _ convolutions: any ConvolutionKernels.Type) throws {
    self.program = program
    let plan = MemoryPlan(program) { routine, index in routine.stretchStart(index, threads: threads) }
    memory = try Memory(program, plan, threads: threads, convolutions)
    pool = ThreadPool(threads: threads)
    for routine in program.routines {
      let launches = try routine.operations.map { ($0, try memory.launches($0)) }
      self.launches[routine.name] = launches
      stretches[routine.name] = routine.stretches(threads: threads).map { range in
        Stretch(
          launches: launches[range].flatMap(\.1),
          chunks: routine.operations[range.lowerBound].chunks(threads: threads))
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
    for stretch in try part(stretches, of: routine) { stretch.run(on: pool, step: step) }
  }

  func times(_ routine: Routine.Name, step: Int) throws -> [OperationTime] {
    try part(launches, of: routine).map { operation, launches in
      OperationTime([operation]) { Stretch(launches: launches, chunks: nil).run(on: pool, step: step) }
    }
  }

  private func part<Part>(_ parts: [Routine.Name: Part], of routine: Routine.Name) throws -> Part {
    guard let part = parts[routine] else {
      throw ProgramError("run", "the program has no routine \(routine.rawValue)")
    }
    return part
  }

  func synchronize() throws {}
}
