import Foundation
import Models
import Programs
import Storage

/// A model's parameters and its optimizer's state on the host, in PyTorch's names, order and layout.
public struct ModelState: Sendable, Equatable {
  /// One tensor.
  public struct Tensor: Sendable, Equatable {
    /// `encoder.conv1.weight`, or `optimizer.m.encoder.conv1.weight`.
    public let name: String
    /// PyTorch's dimensions.
    public let shape: [Int]
    /// Values, last dimension fastest.
    public var values: [Float]

    /// - Throws: `TrainingError` where a value is not finite: in weights a ReLU would hide it.
    func requireFinite() throws {
      guard let index = values.firstIndex(where: { !$0.isFinite }) else { return }
      throw TrainingError(.weights, "value \(index) of \(name) is \(values[index]): expected finite weights")
    }
  }

  /// Parameters in state order.
  public internal(set) var parameters: [Tensor]
  /// The optimizer's arenas one after another, each in state order.
  public internal(set) var optimizer: [Tensor]

  /// SHA-256 over the little-endian values of all parameters, then of all optimizer state: what a manifest
  /// calls `state_sha256`.
  public var sha256: String {
    var fingerprint = Fingerprint()
    for tensor in parameters + optimizer { tensor.values.withUnsafeBytes { fingerprint.update($0) } }
    return fingerprint.hex
  }

  /// Reads the state of a program on its device.
  ///
  /// - Parameter withOptimizer: whether the optimizer's state is wanted.
  /// - Throws: the backend's error.
  public init(reading prepared: any PreparedProgram, of model: LoweredModel, withOptimizer: Bool = true)
    throws
  {
    parameters = try Self.unpack(try prepared.floats(model.parameters), model.table, prefix: "")
    optimizer = []
    guard withOptimizer else { return }
    for (name, arena) in zip(model.configuration.optimizer.stateNames, model.state) {
      optimizer += try Self.unpack(try prepared.floats(arena), model.table, prefix: "optimizer.\(name).")
    }
  }

  /// Writes parameters, and the optimizer's state where there is one, to a program on its device.
  ///
  /// - Throws: the backend's error.
  public func write(to prepared: any PreparedProgram, of model: LoweredModel) throws {
    try prepared.write(Self.pack(parameters[...], model.table), to: model.parameters)
    guard !optimizer.isEmpty else { return }
    let count = model.table.parameters.count
    for (index, arena) in model.state.enumerated() {
      try prepared.write(
        Self.pack(optimizer[index * count..<(index + 1) * count], model.table), to: arena)
    }
  }

  /// Reads the state of a model from a file.
  ///
  /// - Parameters:
  ///   - file: tensors under the names of this type.
  ///   - table: the model's tensors.
  ///   - stateNames: the optimizer's arenas that are wanted.
  /// - Throws: `SafeTensorsError` where a tensor is missing or has another shape or type, `TrainingError` where a
  ///   parameter is not finite.
  public init(_ file: SafeTensors, table: ParameterTable, stateNames: [String] = []) throws {
    func read(_ prefix: String) throws -> [Tensor] {
      try table.parameters.map {
        let name = prefix + $0.name
        let shape = $0.shape.dimensions
        return Tensor(name: name, shape: shape, values: try file.floats(name, shape: shape))
      }
    }
    parameters = try read("")
    for tensor in parameters { try tensor.requireFinite() }
    optimizer = try stateNames.flatMap { try read("optimizer.\($0).") }
  }

  /// Adds all tensors to a file.
  ///
  /// - Throws: `SafeTensorsError` where a name is taken.
  public func add(to file: inout SafeTensors) throws {
    for tensor in parameters + optimizer {
      try file.add(tensor.name, shape: tensor.shape, floats: tensor.values)
    }
  }

  /// Takes over every tensor of `file` that the model has too, and says which.
  ///
  /// - Throws: `TrainingError` where one has another shape or a value that is not finite, or nothing fits.
  public mutating func transfer(from file: SafeTensors) throws -> [String] {
    var taken: [String] = []
    for index in parameters.indices where file.contains(parameters[index].name) {
      let tensor = parameters[index]
      do {
        parameters[index].values = try file.floats(tensor.name, shape: tensor.shape)
      } catch let error as SafeTensorsError {
        throw TrainingError(
          .weights,
          "the weights do not fit this model: \(error.message); choose the same latent, filters, hidden")
      }
      try parameters[index].requireFinite()
      taken.append(tensor.name)
    }
    guard !taken.isEmpty else {
      throw TrainingError(.weights, "the weights do not fit this model: no tensor has a name that it knows")
    }
    return taken
  }

  private static func unpack(_ arena: [Float], _ table: ParameterTable, prefix: String) throws -> [Tensor] {
    table.parameters.map { parameter in
      let packed = arena[parameter.offset..<parameter.offset + parameter.shape.packedCount]
      return Tensor(
        name: prefix + parameter.name, shape: parameter.shape.dimensions,
        values: parameter.shape.unpack(packed))
    }
  }

  private static func pack(_ tensors: ArraySlice<Tensor>, _ table: ParameterTable) -> [Float] {
    var arena = [Float](repeating: 0, count: table.arenaCount)
    for (tensor, parameter) in zip(tensors, table.parameters) {
      let packed = parameter.shape.pack(tensor.values)
      arena.replaceSubrange(parameter.offset..<parameter.offset + packed.count, with: packed)
    }
    return arena
  }
}
