import Models
import Programs

/// A program of a few operations, made on the spot, and what its buffers hold at the start.
struct Workbench {
  private var builder = ProgramBuilder()
  private var contents: [(buffer: Buffer, bits: [UInt32])] = []
  private var operations: [Operation] = []

  /// Images, `values` in PyTorch's order [N, C, H, W].
  mutating func images(
    _ name: String, _ batch: Int, _ shape: MapShape, _ values: [Float]? = nil
  ) -> Buffer {
    let buffer = builder.buffer(name, .images(batch: batch, shape), .persistent)
    if let values {
      contents.append((buffer, ImageLayout.pack(values, shape, batch: batch).map(\.bitPattern)))
    }
    return buffer
  }

  /// A parameter or its gradient, `values` in PyTorch's order.
  mutating func parameter(_ name: String, _ shape: ParameterShape, _ values: [Float]? = nil) -> Buffer {
    let buffer = builder.buffer(name, .parameter(shape), .persistent)
    if let values { contents.append((buffer, shape.pack(values).map(\.bitPattern))) }
    return buffer
  }

  /// A tensor that lies in `owner` from `offset` on.
  mutating func region(_ name: String, _ shape: ParameterShape, of owner: Buffer, at offset: Int) -> Buffer {
    builder.buffer(name, .parameter(shape), .region(of: owner.id, offset: offset))
  }

  /// Plain floats.
  mutating func floats(_ name: String, _ count: Int, _ values: [Float]? = nil) -> Buffer {
    let buffer = builder.buffer(name, .floats(count), .persistent)
    if let values { contents.append((buffer, values.map(\.bitPattern))) }
    return buffer
  }

  /// Plain words.
  mutating func words(_ name: String, _ values: [UInt32]) -> Buffer {
    let buffer = builder.buffer(name, .words(values.count), .persistent)
    contents.append((buffer, values))
    return buffer
  }

  /// Plain bytes, filled up to whole words.
  mutating func bytes(_ name: String, _ values: [UInt8]) -> Buffer {
    let padded = values + [UInt8](repeating: 0, count: -values.count & 3)
    let buffer = builder.buffer(name, .bytes(padded.count), .persistent)
    contents.append((buffer, padded.withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }))
    return buffer
  }

  /// One step of `batch` images, sample n of the data set at place n unless `samples` says otherwise.
  mutating func source(
    batch: Int, epoch: UInt32 = 0, samples: [UInt32]? = nil, lossScale: Double = 1, gradientScale: Double = 1,
    klWeight: Float = 1
  ) -> BatchSource {
    var table = StepTable(steps: 1)
    table[0, .epoch] = epoch
    table[0, .images] = UInt32(batch)
    table.set(0, .lossScale, Float(lossScale))
    table.set(0, .gradientScale, Float(gradientScale))
    table.set(0, .klWeight, klWeight)
    table.set(0, .klGradientScale, Float(Double(klWeight) * gradientScale))
    return BatchSource(
      table: words("table", table.words),
      indices: words("indices", samples ?? Array(0..<UInt32(batch))), rowLength: batch)
  }

  /// The sum over images of one loss, scaled: one float.
  mutating func sum(_ perImage: Buffer, _ source: BatchSource) throws -> Buffer {
    let results = floats("results", 1)
    try add(
      .sumPerImage(
        SumPerImage(
          perImage: [perImage], table: source.table, scaled: true, results: results, slot: 0, slots: 1)))
    return results
  }

  mutating func add(_ operation: Operation) { operations.append(operation) }

  /// The program on `device`, ready to run.
  func prepare(_ device: Device) throws -> any PreparedProgram {
    var builder = builder
    builder.add(Routine(.train, operations))
    let prepared = try device.backend.prepare(builder.program())
    for (buffer, bits) in contents { try prepared.write(bits, to: buffer) }
    return prepared
  }

  /// The program after one step on `device`.
  func run(_ device: Device) throws -> any PreparedProgram {
    let prepared = try prepare(device)
    try prepared.run(.train, step: 0)
    return prepared
  }
}

extension PreparedProgram {
  /// What `buffer` holds, in PyTorch's order.
  func tensor(_ buffer: Buffer) throws -> [Float] {
    switch buffer.contents {
    case .images(let batch, let shape):
      ImageLayout.unpack(try floats(buffer), shape, batch: batch)
    case .parameter(let shape): shape.unpack(try floats(buffer))
    default: try floats(buffer)
    }
  }
}
