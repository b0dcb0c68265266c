import Programs

/// A readable description of a program: operations with shapes, FLOPs and bytes, and its memory plan.
package struct ProgramDescription: Codable, Hashable, Sendable, CustomStringConvertible {
  /// One operation.
  package struct Line: Codable, Hashable, Sendable {
    /// What it does: `conv2d_forward`.
    package let operation: String
    /// What it writes: `train.encoder.conv1`.
    package let output: String
    /// Shapes in and out: `128 × [1, 28, 28] → 128 × [8, 14, 14]`.
    package let shapes: String
    /// Floating-point operations of one run.
    package let flops: Int
    /// Bytes it reads.
    package let bytesRead: Int
    /// Bytes it writes.
    package let bytesWritten: Int
  }

  /// One routine.
  package struct Part: Codable, Hashable, Sendable {
    /// `initialise`, `evaluate`, `gradients` or `update`.
    package let name: String
    /// Its operations in order.
    package let operations: [Line]
    /// FLOPs of one run.
    package let flops: Int
  }

  package let model: String
  /// Images in a step of training.
  package let batchSize: Int
  /// Number of parameters.
  package let parameters: Int
  package let routines: [Part]
  /// Bytes kept between runs.
  package let persistentBytes: Int
  /// Bytes of the arena that all other buffers share.
  package let arenaBytes: Int
  /// Bytes that they would take without sharing.
  package let unsharedBytes: Int

  /// Describes `model`.
  package init(_ model: LoweredModel) {
    let memory = MemoryPlan(model.program)
    self.model = model.configuration.model.rawValue
    batchSize = model.configuration.batchSize
    parameters = model.table.valueCount
    routines = model.program.routines.map { routine in
      Part(
        name: routine.name.rawValue, operations: routine.operations.map(Line.init), flops: routine.flops)
    }
    persistentBytes = memory.persistentBytes
    arenaBytes = memory.arenaBytes
    unsharedBytes = memory.unsharedBytes
  }

  /// One table per routine, and the memory.
  package var description: String {
    var text = "\(model): \(parameters) parameters, batch of \(batchSize)\n"
    for routine in routines {
      text += "\n\(routine.name): \(routine.operations.count) operations, \(Self.mega(routine.flops)) MFLOP\n"
      let rows =
        [["operation", "makes", "shapes", "MFLOP", "KiB read", "KiB written"]]
        + routine.operations.map {
          [
            $0.operation, $0.output, $0.shapes, Self.mega($0.flops), Self.kibi($0.bytesRead),
            Self.kibi($0.bytesWritten),
          ]
        }
      text += Self.table(rows)
    }
    return text
      + """

      memory: \(Self.kibi(persistentBytes)) KiB persistent, \(Self.kibi(arenaBytes)) KiB shared by all \
      transient buffers (\(Self.kibi(unsharedBytes)) KiB without sharing)

      """
  }

  private static func mega(_ flops: Int) -> String {
    let hundredths = (flops + 5_000) / 10_000
    let cents = hundredths % 100
    return "\(hundredths / 100).\(cents < 10 ? "0" : "")\(cents)"
  }

  private static func kibi(_ bytes: Int) -> String { "\((bytes + 1023) / 1024)" }

  /// Columns two spaces apart; numbers right-aligned.
  private static func table(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    return rows.map { row in
      let cells = zip(row, widths).enumerated().map { column, cell in
        let padding = String(repeating: " ", count: cell.1 - cell.0.count)
        return column < 3 ? cell.0 + padding : padding + cell.0
      }
      return "  " + cells.joined(separator: "  ") + "\n"
    }.joined()
  }
}

extension ProgramDescription.Line {
  init(_ operation: Operation) {
    let descriptor = operation.descriptor
    self.operation = operation.kind.rawValue
    output = descriptor.writes.first?.name ?? ""
    let input = descriptor.reads.first.map { Self.shape($0) + " → " } ?? ""
    shapes = input + (descriptor.writes.first.map(Self.shape) ?? "")
    flops = descriptor.flops
    let traffic = descriptor.traffic
    (bytesRead, bytesWritten) = (traffic.read, traffic.written)
  }

  private static func shape(_ buffer: Buffer) -> String {
    switch buffer.contents {
    case .images(let batch, let shape): "\(batch) × \(shape)"
    case .parameter(let shape): "\(shape)"
    case .floats(let count), .words(let count), .bytes(let count): "\(count)"
    }
  }
}
