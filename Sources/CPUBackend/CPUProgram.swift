import CPUKernels
import Programs

/// A program in this process's memory.
final class CPUProgram: PreparedProgram {
  let program: Program
  private let memory: Memory
  private let pool: ThreadPool
  private var stretches: [Routine.Name: [Stretch]] = [:]

  init(_ program: Program, threads: Int, _ convolutions: any ConvolutionKernels.Type) {
    self.program = program
    let plan = MemoryPlan(program) { routine, index in routine.stretchStart(index, threads: threads) }
    memory = Memory(program, plan, threads: threads, convolutions)
    pool = ThreadPool(threads: threads)
    for routine in program.routines {
      stretches[routine.name] = routine.stretches(threads: threads).map { range in
        Stretch(
          launches: routine.operations[range].flatMap { $0.launches(memory) },
          chunks: routine.operations[range.lowerBound].chunks(threads: threads))
      }
    }
  }

  deinit { pool.stop() }

  func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer, at offset: Int) throws {
    precondition(
      offset >= 0 && offset + bytes.count <= buffer.contents.byteCount, "write past \(buffer.name)")
    guard let from = bytes.baseAddress else { return }
    (memory.raw(buffer) + offset).copyMemory(from: from, byteCount: bytes.count)
  }

  func read(_ buffer: Buffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
    precondition(offset >= 0 && offset + bytes.count <= buffer.contents.byteCount, "read past \(buffer.name)")
    bytes.baseAddress?.copyMemory(from: memory.raw(buffer) + offset, byteCount: bytes.count)
  }

  func run(_ routine: Routine.Name, step: Int) throws {
    guard let stretches = stretches[routine] else {
      throw ProgramError("run", "the program has no routine \(routine.rawValue)")
    }
    for stretch in stretches { stretch.run(on: pool, step: step) }
  }

  func synchronize() throws {}
}

extension Operation {
  /// The operation bound to `memory`: one launch, or several that follow each other.
  fileprivate func launches(_ memory: Memory) -> [Launch] {
    switch self {
    case .initialise(let d): [d.launch(memory)]
    case .gatherImages(let d): [d.launch(memory)]
    case .addNoise(let d): [d.launch(memory)]
    case .convolutionForward(let d): [d.launch(memory)]
    case .convolutionBackwardInput(let d): [d.launch(memory)]
    case .convolutionBackwardWeight(let d): [d.launch(memory)]
    case .linearForward(let d): [d.launch(memory)]
    case .linearBackwardInput(let d): [d.launch(memory)]
    case .linearBackwardWeight(let d): [d.launch(memory)]
    case .flatten(let d): [d.launch(memory)]
    case .unflatten(let d): [d.launch(memory)]
    case .activationForward(let d): [d.launch(memory)]
    case .activationBackward(let d): [d.launch(memory)]
    case .dropoutForward(let d): [d.launch(memory)]
    case .dropoutBackward(let d): [d.launch(memory)]
    case .meanSquaredError(let d): [d.launch(memory)]
    case .binaryCrossEntropy(let d): [d.launch(memory)]
    case .crossEntropy(let d): [d.launch(memory)]
    case .reparameterizeForward(let d): [d.launch(memory)]
    case .reparameterizeBackward(let d): [d.launch(memory)]
    case .klDivergence(let d): [d.launch(memory)]
    case .sumPerImage(let d): [d.launch(memory)]
    case .sumPartials(let d): [d.launch(memory)]
    case .clipNorm(let d): d.launches(memory)
    case .update(let d): [d.launch(memory)]
    }
  }
}
