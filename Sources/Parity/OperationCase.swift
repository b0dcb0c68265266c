import Programs

/// A test case of one kind of operation, on synthetic values. The conformance tests and `facsimile parity` run every
/// case on every device and compare everything that it writes, bit for bit.
package struct OperationCase: Sendable {
  /// The operation.
  package let kind: Operation.Kind
  /// The variant.
  package let name: String
  package let make: @Sendable (inout CaseProgram) throws -> Operation

  init(
    _ kind: Operation.Kind, _ name: String,
    _ make: @escaping @Sendable (inout CaseProgram) throws -> Operation
  ) {
    self.kind = kind
    self.name = name
    self.make = make
  }

  /// Every case of every operation.
  package static let all: [OperationCase] =
    convolutionCases + linearCases + elementwiseCases + inputCases + lossCases + sumCases + updateCases

  /// Every `stride`-th case of one operation, and at least one; `seed` determines the first.
  package static func cases(
    of kind: Operation.Kind, every stride: Int = 1, seed: UInt64 = 0
  ) -> [OperationCase] {
    let cases = all.filter { $0.kind == kind }
    let first = Int(seed % UInt64(max(1, min(stride, cases.count))))
    return Swift.stride(from: first, to: cases.count, by: stride).map { cases[$0] }
  }

  /// Runs the case on `backend` and returns its results, in PyTorch's order, by buffer.
  ///
  /// Throws: what the backend throws.
  func run(on backend: any Backend, seed: UInt64) throws -> [(buffer: String, bits: [UInt32])] {
    var setup = CaseProgram(seed: seed)
    let operation = try make(&setup)
    let prepared = try setup.prepare([operation], on: backend)
    for step in 0..<2 { try prepared.run(.gradients, step: step) }
    try prepared.synchronize()
    return try operation.descriptor.results.map { ($0.name, try bits(of: $0, in: prepared)) }
  }

  private func bits(of buffer: Buffer, in prepared: any PreparedProgram) throws -> [UInt32] {
    switch buffer.contents {
    case .images(let batch, let shape):
      ImageLayout.unpack(try prepared.floats(buffer), shape, batch: batch).map(\.bitPattern)
    default: try prepared.words(buffer)
    }
  }
}
