/// A named list of operations that a backend executes.
package struct Routine: Hashable, Sendable {
  /// The purpose of a routine.
  package enum Name: String, CaseIterable, Sendable {
    /// Fills the parameters with their initial values.
    case initialise
    /// Forward and backward of one step of training: gradients and sums of losses for each part of the batch.
    case gradients
    /// The end of the step: joins the parts, stores losses and updates the parameters.
    case update
    /// One batch forward, with its losses.
    case evaluate
  }

  /// What it is for.
  package let name: Name
  /// What it does, in order.
  package let operations: [Operation]

  /// A routine of `operations`.
  package init(_ name: Name, _ operations: [Operation]) {
    self.name = name
    self.operations = operations
  }

  /// FLOPs of one run.
  package var flops: Int { operations.reduce(0) { $0 + $1.descriptor.flops } }
}

/// All computations of a model as flat data: numbered buffers and routines over them, with all shapes known.
package struct Program: Hashable, Sendable {
  /// All buffers; `buffers[i].id == i`.
  package let buffers: [Buffer]
  /// At most one routine of each name.
  package let routines: [Routine]

  /// A program of these parts.
  package init(buffers: [Buffer], routines: [Routine]) {
    self.buffers = buffers
    self.routines = routines
  }

  /// The routine called `name`, if the program has it.
  package func routine(_ name: Routine.Name) -> Routine? { routines.first { $0.name == name } }

  /// The buffer that owns `buffer`'s memory, and the offset of `buffer` in it, in elements.
  package func root(of buffer: Buffer) -> (buffer: Buffer, offset: Int) {
    var (root, start) = (buffer, 0)
    while case .region(let owner, let offset) = root.storage {
      (root, start) = (buffers[owner], start + offset)
    }
    return (root, start)
  }
}

extension Program {
  /// The same training with every buffer kept, so that the host can read the result of each operation, for debugging.
  ///
  /// - Parameter count: how many operations of a step to keep, from the first; nil: all.
  package func laidOpen(through count: Int? = nil) -> Program {
    let kept = buffers.map { buffer in
      guard buffer.storage == .transient else { return buffer }
      return Buffer(id: buffer.id, name: buffer.name, contents: buffer.contents, storage: .persistent)
    }
    var rest = count ?? .max
    let cut = [Routine.Name.gradients, .update].compactMap { routine($0) }.map { routine in
      let operations = Array(routine.operations.prefix(rest))
      rest -= operations.count
      return Routine(routine.name, operations)
    }
    return Program(buffers: kept, routines: cut)
  }
}

/// Creates buffers and collects routines.
package struct ProgramBuilder: Sendable {
  /// Buffers made so far.
  package private(set) var buffers: [Buffer] = []
  private var routines: [Routine] = []

  /// An empty program.
  package init() {}

  /// A new buffer.
  package mutating func buffer(_ name: String, _ contents: Contents, _ storage: Buffer.Storage) -> Buffer {
    if case .region(let owner, let offset) = storage {
      let bytes = contents.elementBytes
      precondition(
        bytes == buffers[owner].contents.elementBytes,
        "\(name) and its owner differ in the size of an element")
      precondition(
        offset * bytes % MemoryPlan.alignment == 0,
        "\(name) starts at byte \(offset * bytes), not a multiple of \(MemoryPlan.alignment)")
      precondition(offset + contents.count <= buffers[owner].count, "\(name) does not fit into its owner")
    }
    if case .constant(let words) = storage {
      precondition(4 * words.count == contents.byteCount, "\(name) is not as long as its words")
    }
    let buffer = Buffer(id: buffers.count, name: name, contents: contents, storage: storage)
    buffers.append(buffer)
    return buffer
  }

  /// Adds a routine.
  package mutating func add(_ routine: Routine) { routines.append(routine) }

  /// The finished program.
  package func program() -> Program { Program(buffers: buffers, routines: routines) }
}
