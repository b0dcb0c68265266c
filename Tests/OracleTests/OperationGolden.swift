import Programs
import TestSupport
import Testing

/// One case of `operations.safetensors`.
struct OperationGolden: Sendable, CustomTestStringConvertible {
  let name: String
  let about: About
  var testDescription: String { name }

  /// Description of the case.
  struct About: Decodable, Sendable {
    let op: String
    let kernel: Int?
    let stride: Int?
    let padding: Int?
    let outputPadding: Int?

    enum CodingKeys: String, CodingKey {
      case op, kernel, stride, padding
      case outputPadding = "output_padding"
    }
  }

  /// Every case whose operation is among `operations`.
  static func cases(_ operations: String...) -> [OperationGolden] {
    do {
      let golden = try Golden("operations")
      return try golden.file.metadata.keys.sorted().filter { $0.contains("-") }
        .map { OperationGolden(name: $0, about: try golden.json($0)) }
        .filter { operations.contains($0.about.op) }
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// The tensors of this case.
  func tensors() throws -> Tensors { Tensors(golden: try Golden("operations"), name: name) }

  struct Tensors {
    let golden: Golden
    let name: String
    func callAsFunction(_ tensor: String) throws -> [Float] { try golden.floats("\(name).\(tensor)") }
    func shape(_ tensor: String) throws -> [Int] { try golden.shape("\(name).\(tensor)") }

    /// Batch and shape of [N, C, H, W] or [N, C].
    func images(_ tensor: String) throws -> (batch: Int, shape: MapShape) {
      let shape = try shape(tensor) + [1, 1]
      return (shape[0], MapShape(shape[1], shape[2], shape[3]))
    }
  }

  /// Expects `buffer` to contain the golden's `tensor`.
  func expect(
    _ buffer: Buffer, _ tensor: String, _ prepared: any PreparedProgram,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let error = relativeError(try prepared.tensor(buffer), try tensors()(tensor))
    #expect(error <= 1e-5, "\(name): \(tensor)", sourceLocation: sourceLocation)
  }
}
