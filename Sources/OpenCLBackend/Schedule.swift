import Programs

/// The steps of a program's routines: one operation each, or on a GPU, where a launch costs more than most operations do,
/// several.
struct Schedule {
  /// What one launch computes; some operations alone take more than one.
  enum Step {
    case one(Operation)
    /// A layer, and what its epilogue has taken in.
    case layer(Operation, Epilogue)
    /// The gradients of several layers' weights (see `weight_gradients.cl`).
    case weightGradients([Operation])
  }

  /// The program with its operations in the order of the steps.
  let program: Program
  /// The steps of each of the program's routines.
  private(set) var routines: [[Step]] = []
  /// The step of each operation.
  private var steps: [Routine.Name: [Int]] = [:]

  init(_ program: Program, _ options: LaunchOptions) {
    guard options.lanes == 1 else {
      self.program = program
      routines = program.routines.map { $0.operations.map { .one($0) } }
      return
    }
    let ordered = program.withWeightGradientsLate()
    self.program = ordered
    let hidden = ordered.hiddenBuffers()
    for routine in ordered.routines {
      var (steps, numbers): ([Step], [Int]) = ([], [])
      var rest = routine.operations[...]
      while !rest.isEmpty {
        let (step, count) = Self.step(rest, hidden)
        numbers += [Int](repeating: steps.count, count: count)
        steps.append(step)
        rest = rest.dropFirst(count)
      }
      routines.append(steps)
      self.steps[routine.name] = numbers
    }
  }

  /// The operations of each step of a routine of ``program``.
  func operations(of routine: Routine) -> [[Operation]] {
    guard let steps = steps[routine.name] else { return routine.operations.map { [$0] } }
    var together: [[Operation]] = []
    for (operation, step) in zip(routine.operations, steps) {
      if step == together.count { together.append([]) }
      together[step].append(operation)
    }
    return together
  }

  /// Where each buffer is: those that a step uses share no memory.
  var memoryPlan: MemoryPlan { MemoryPlan(program) { steps[$0.name]?[$1] ?? $1 } }

  /// The first step of `operations`, and how many it takes.
  private static func step(_ operations: ArraySlice<Operation>, _ hidden: Set<Buffer>) -> (Step, Int) {
    let first = operations.first!
    let layers = operations.prefix { $0.isWeightGradient }
    if layers.count > 1 { return (.weightGradients(Array(layers)), layers.count) }
    guard var epilogue = Epilogue(first.descriptor) else { return (.one(first), 1) }
    var count = 1
    while let next = operations.dropFirst(count).first, hidden.contains(epilogue.output),
      epilogue.takeIn(next.descriptor)
    {
      count += 1
    }
    return count == 1 ? (.one(first), 1) : (.layer(first, epilogue), count)
  }
}

extension Operation {
  fileprivate var isWeightGradient: Bool {
    descriptor is ConvolutionBackwardWeight || descriptor is LinearBackwardWeight
  }
}

extension Program {
  /// Transient buffers that one operation writes and one other reads, whole.
  fileprivate func hiddenBuffers() -> Set<Buffer> {
    let descriptors = routines.flatMap(\.operations).map(\.descriptor)
    var (reads, writes): ([Int: Int], [Int: Int]) = ([:], [:])
    for descriptor in descriptors {
      for buffer in descriptor.reads { reads[root(of: buffer).buffer.id, default: 0] += 1 }
      for buffer in descriptor.writes { writes[root(of: buffer).buffer.id, default: 0] += 1 }
    }
    return Set(buffers.filter { $0.storage == .transient && reads[$0.id] == 1 && writes[$0.id] == 1 })
  }

  /// The same program in which each gradient of weights comes as late as it may, so that those of all layers follow each
  /// other.
  fileprivate func withWeightGradientsLate() -> Program {
    Program(buffers: buffers, routines: routines.map { Routine($0.name, late($0.operations)) })
  }

  private func late(_ operations: [Operation]) -> [Operation] {
    func roots(_ buffers: [Buffer]) -> Set<Int> { Set(buffers.map { root(of: $0).buffer.id }) }
    var (result, waiting): ([Operation], [Operation]) = ([], [])
    var (read, written): (Set<Int>, Set<Int>) = ([], [])
    for operation in operations {
      let (reads, writes) = (roots(operation.descriptor.reads), roots(operation.descriptor.writes))
      if operation.isWeightGradient, reads.isDisjoint(with: written), writes.isDisjoint(with: read) {
        waiting.append(operation)
        read.formUnion(reads)
        written.formUnion(writes)
        continue
      }
      if !reads.isDisjoint(with: written) || !writes.isDisjoint(with: written.union(read)) {
        result += waiting
        (waiting, read, written) = ([], [], [])
      }
      result.append(operation)
    }
    return result + waiting
  }
}
