import COpenCL
import Kernels
import Programs

/// A program on an OpenCL device: its memory, and every launch of its routines with all arguments set.
///
/// A run sets the step and enqueues; it uploads nothing and waits for nothing.
package final class OpenCLProgram: PreparedProgram {
  package let program: Program
  private let context: OpenCLContext
  private let compiled: CompiledProgram
  private let memory: ProgramMemory
  private var routines: [Routine.Name: [PreparedLaunch]] = [:]
  /// The operations of each step, and its part of the routine's launches.
  private var steps: [Routine.Name: [(operations: [Operation], launches: Range<Int>)]] = [:]
  private var noted: Set<Routine.Name> = []
  private var runsSinceFlush = 0
  /// Copies of data being written without waiting.
  private var pending: [UnsafeMutableRawBufferPointer] = []
  private var pendingBytes = 0

  /// Writes of up to this many bytes are copied instead of waited for.
  private static let copyLimit = 1 << 23
  /// Maximum bytes of pending copies before they are waited for.
  private static let pendingLimit = 1 << 26
  /// Runs to enqueue before the queue is flushed.
  private static let flushInterval = 8

  init(
    _ program: Program, _ context: OpenCLContext, _ compiled: CompiledProgram, _ options: LaunchOptions
  ) throws {
    self.program = program
    self.context = context
    self.compiled = compiled
    let schedule = Schedule(program, options)
    let memory = try ProgramMemory(schedule.program, schedule.memoryPlan, context)
    self.memory = memory
    let planner = LaunchPlanner(options: options, units: context.device.info.units) { name, words in
      let buffer = try DeviceMemory(context, name, byteCount: 4 * words.count)
      try words.withUnsafeBytes { try buffer.write($0, at: 0) }
      return buffer
    }
    for (routine, steps) in zip(schedule.program.routines, schedule.routines) {
      var launches: [PreparedLaunch] = []
      for (step, operations) in zip(steps, schedule.operations(of: routine)) {
        let first = launches.count
        for launch in try planner.launches(step, memory) where !launch.grid.isEmpty {
          launches.append(try PreparedLaunch(context, compiled, launch, memory: memory.memory))
        }
        self.steps[routine.name, default: []].append((operations, first..<launches.count))
      }
      routines[routine.name] = launches
    }
  }

  /// Work-items of the largest group of any launch.
  package var largestGroup: Int {
    routines.values.joined().map { $0.grid.local.reduce(1, *) }.max() ?? 0
  }

  /// The kernels of one run of a routine, in order.
  package func kernels(_ routine: Routine.Name) -> [Kernel] { routines[routine]?.map(\.kernelName) ?? [] }

  deinit {
    _ = context.library.finish(context.queue)
    releasePending()
  }

  package func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer, at offset: Int) throws {
    let target = try memory.host(buffer, bytes: bytes.count, at: offset)
    guard !bytes.isEmpty else { return }
    guard bytes.count <= Self.copyLimit else { return try target.write(bytes, at: offset) }
    if pendingBytes + bytes.count > Self.pendingLimit { try synchronize() }
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    copy.copyMemory(from: bytes)
    pending.append(copy)
    pendingBytes += bytes.count
    try target.write(UnsafeRawBufferPointer(copy), at: offset, isBlocking: false)
  }

  package func read(_ buffer: Buffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
    let source = try memory.host(buffer, bytes: bytes.count, at: offset)
    // A read of no bytes would not wait.
    guard !bytes.isEmpty else { return try synchronize() }
    try source.read(at: offset, into: bytes)
    idle()
  }

  package func run(_ routine: Routine.Name, step: Int) throws {
    for launch in try launches(of: routine) { try launch.enqueue(step: UInt32(step)) }
    runsSinceFlush += 1
    if runsSinceFlush >= Self.flushInterval {
      runsSinceFlush = 0
      try check(context.library.flush(context.queue), "clFlush", device: context.deviceName)
    }
  }

  private func launches(of routine: Routine.Name) throws -> [PreparedLaunch] {
    guard let launches = routines[routine] else {
      throw ProgramError("run", "the program has no routine \(routine.rawValue)")
    }
    if noted.insert(routine).inserted { launches.forEach { $0.note() } }
    return launches
  }

  package func times(_ routine: Routine.Name, step: Int) throws -> [OperationTime] {
    let launches = try launches(of: routine)
    try synchronize()
    return try steps[routine, default: []].map { operations, range in
      try OperationTime(operations) {
        for launch in launches[range] { try launch.enqueue(step: UInt32(step)) }
        try context.finish()
      }
    }
  }

  package func synchronize() throws {
    try context.finish()
    idle()
  }

  /// The queue is empty: after a finish, or a read that waited.
  private func idle() {
    releasePending()
    compiled.keepBinary()
  }

  private func releasePending() {
    pending.forEach { $0.deallocate() }
    pending = []
    pendingBytes = 0
  }
}

/// The memory of a program: one buffer for each persistent one, and one arena that the others share.
final class ProgramMemory {
  private let program: Program
  private let plan: MemoryPlan
  /// What all transient buffers share.
  let arena: DeviceMemory
  private var buffers: [Int: DeviceMemory] = [:]

  init(_ program: Program, _ plan: MemoryPlan, _ context: OpenCLContext) throws {
    self.program = program
    self.plan = plan
    try Self.require(plan, program, on: context)
    arena = try DeviceMemory(context, "the arena of activations", byteCount: plan.arenaBytes)
    for buffer in program.buffers {
      switch buffer.storage {
      case .persistent:
        buffers[buffer.id] = try DeviceMemory(context, buffer.name, byteCount: buffer.contents.byteCount)
      case .constant(let words):
        let memory = try DeviceMemory(context, buffer.name, byteCount: buffer.contents.byteCount)
        try words.withUnsafeBytes { try memory.write($0, at: 0) }
        buffers[buffer.id] = memory
      case .transient:
        // A buffer without a place is never used.
        guard let offset = plan.offsets[buffer.id] else { continue }
        buffers[buffer.id] = try part(of: arena, buffer, at: offset)
      case .region: continue
      }
    }
    for buffer in program.buffers {
      guard case .region = buffer.storage else { continue }
      try place(buffer)
    }
  }

  /// Throws: ``NotEnoughMemory`` before allocating anything, if the device reports less memory.
  private static func require(_ plan: MemoryPlan, _ program: Program, on context: OpenCLContext) throws {
    let device = context.device
    let needed = plan.arenaBytes + plan.persistentBytes
    guard UInt64(needed) <= device.memoryBytes else {
      throw NotEnoughMemory(
        "the program", needed: needed, "and \(context.deviceName) has \(device.memoryBytes)")
    }
    let sizes = program.buffers.map { ($0.name, $0.storage == .transient ? 0 : $0.contents.byteCount) }
    let largest = (sizes + [("the arena of activations", plan.arenaBytes)]).max { $0.1 < $1.1 }!
    guard UInt64(largest.1) <= device.largestBufferBytes else {
      throw NotEnoughMemory(
        largest.0, needed: largest.1,
        "and the largest buffer of \(context.deviceName) is \(device.largestBufferBytes) bytes")
    }
    // The device uses this machine's memory.
    if device.info.kind == .cpu { try HostMemory.require(needed, for: "the program") }
  }

  /// A part of a part becomes a part of the whole: OpenCL has only one level of sub-buffers.
  private func place(_ buffer: Buffer) throws {
    let (root, offset) = program.root(of: buffer)
    let start = offset * buffer.contents.elementBytes
    if root.storage == .transient {
      guard let base = plan.offsets[root.id] else { return }
      buffers[buffer.id] = try part(of: arena, buffer, at: base + start)
    } else if let memory = buffers[root.id] {
      buffers[buffer.id] = try part(of: memory, buffer, at: start)
    }
  }

  /// OpenCL has no empty sub-buffers: an empty buffer is a separate one.
  private func part(of owner: DeviceMemory, _ buffer: Buffer, at offset: Int) throws -> DeviceMemory {
    let bytes = buffer.contents.byteCount
    return bytes == 0
      ? try DeviceMemory(owner.context, buffer.name, byteCount: 0)
      : try DeviceMemory(owner, buffer.name, at: offset, byteCount: bytes)
  }

  /// Where `buffer` starts in the arena, in elements; nil if it is elsewhere.
  func arenaOffset(of buffer: Buffer) -> Int? {
    let (root, offset) = program.root(of: buffer)
    return root.storage == .transient
      ? plan.offsets[root.id].map { $0 / root.contents.elementBytes + offset } : nil
  }

  /// The buffer that owns `buffer`'s memory, and the offset of `buffer` in it, in elements.
  func root(of buffer: Buffer) -> (buffer: Buffer, offset: Int) { program.root(of: buffer) }

  /// The memory of an argument, if it has any.
  func memory(_ argument: Argument) throws -> DeviceMemory? {
    switch argument {
    case .buffer(let buffer): try memory(of: buffer)
    case .words(let memory), .floats(let memory): memory
    case .sizes, .int, .word, .float, .flag, .step: nil
    }
  }

  /// The memory of a buffer that the host reads or writes; `bytes` bytes at `offset` must be in it.
  func host(_ buffer: Buffer, bytes: Int, at offset: Int) throws -> DeviceMemory {
    try program.checkAccess(to: buffer, bytes: bytes, at: offset)
    return try memory(of: buffer)
  }

  private func memory(of buffer: Buffer) throws -> DeviceMemory {
    guard let memory = buffers[buffer.id] else {
      throw ProgramError("memory", "\(buffer.name) has no place: no routine uses it")
    }
    return memory
  }
}
