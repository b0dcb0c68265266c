import Parity
import Programs

/// A program of a few operations, assembled by a test, and the initial contents of its buffers. Buffers without values
/// hold zeros.
package struct OperationBench {
  private var setup = CaseProgram(seed: 0)
  private var operations: [Operation] = []

  package init() {}

  /// Values as the buffer stores them.
  package mutating func stored(_ name: String, _ contents: Contents, _ values: [Float]?) -> Buffer {
    setup.buffer(name, contents, values.map { .words($0.map(\.bitPattern)) })
  }

  /// Images, `values` in PyTorch's order [N, C, H, W].
  package mutating func images(
    _ name: String, _ batch: Int, _ shape: MapShape, _ values: [Float]? = nil
  ) -> Buffer {
    stored(
      name, .images(batch: batch, shape), values.map { ImageLayout.pack($0, shape, batch: batch) })
  }

  /// A parameter or its gradient, `values` in PyTorch's order.
  package mutating func parameter(_ name: String, _ shape: ParameterShape, _ values: [Float]? = nil) -> Buffer
  {
    stored(name, .parameter(shape), values.map { shape.pack($0) })
  }

  /// A tensor inside `owner`, starting at `offset`.
  package mutating func region(_ name: String, _ shape: ParameterShape, of owner: Buffer, at offset: Int)
    -> Buffer
  {
    setup.region(name, shape, of: owner, at: offset)
  }

  /// Plain floats.
  package mutating func floats(_ name: String, _ count: Int, _ values: [Float]? = nil) -> Buffer {
    stored(name, .floats(count), values)
  }

  /// Plain words.
  package mutating func words(_ name: String, _ values: [UInt32]) -> Buffer {
    setup.buffer(name, .words(values.count), .words(values))
  }

  /// Words that are part of the program, as segments must be.
  package mutating func constant(_ name: String, _ words: [UInt32]) -> Buffer { setup.constant(name, words) }

  /// Plain bytes, padded to whole words.
  package mutating func bytes(_ name: String, _ values: [UInt8]) -> Buffer {
    let padded = values + [UInt8](repeating: 0, count: -values.count & 3)
    return setup.buffer(
      name, .bytes(padded.count), .words(padded.withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }))
  }

  /// One step of `batch` images, sample n of the data set at place n unless `samples` says otherwise.
  package mutating func source(
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
  package mutating func sum(_ perImage: Buffer, _ source: BatchSource) throws -> Buffer {
    let (sums, losses) = (floats("sums", 1), floats("losses", 1))
    add(Operation(try SumPerImage(perImage: perImage, sums: sums, place: 0)))
    add(
      Operation(
        try JoinLosses(sums: sums, parts: 1, scaled: [true], table: source.table, losses: losses)))
    return losses
  }

  /// Appends an operation.
  package mutating func add(_ operation: Operation) { operations.append(operation) }

  /// The program on `backend`, ready to run.
  package func prepare(on backend: any Backend) throws -> any PreparedProgram {
    try setup.prepare(operations, on: backend)
  }

  /// The program on `backend`, after running `step`.
  package func run(on backend: any Backend, step: Int = 0) throws -> any PreparedProgram {
    let prepared = try prepare(on: backend)
    try prepared.run(.gradients, step: step)
    return prepared
  }

  /// Runs the program with `operations` appended on every OpenCL device in every variant and passes the results to
  /// `check`, with the name of the variant.
  ///
  /// - Parameter turn: nil for every variant; otherwise every third, from this one on, modulo 3: each variant compiles
  ///   its own kernels, and many cases in turn cover all of them.
  package func runEverywhere(
    _ operations: [Operation], step: Int = 0, turn: Int? = nil,
    _ check: (String, any PreparedProgram) throws -> Void
  ) throws {
    var bench = self
    bench.operations += operations
    for (place, backend) in try TestDevices.backends.get().enumerated()
    where turn.map({ place % 3 == $0 % 3 }) ?? true {
      let prepared = try bench.run(on: backend, step: step)
      try check("\(backend.device.identifier) \(backend.device.name) \(backend.options)", prepared)
    }
  }
}

extension PreparedProgram {
  /// The contents of `buffer`, in PyTorch's order.
  package func tensor(_ buffer: Buffer) throws -> [Float] {
    switch buffer.contents {
    case .images(let batch, let shape): ImageLayout.unpack(try floats(buffer), shape, batch: batch)
    case .parameter(let shape): shape.unpack(try floats(buffer)[...])
    default: try floats(buffer)
    }
  }
}
