import Foundation
import Models
import Programs
import Storage

extension ModelState.Tensor {
  /// - Throws: `TrainingError` if a value is not finite: a ReLU would hide it in weights.
  package func requireFinite() throws {
    guard let index = values.firstNotFinite else { return }
    throw TrainingError(.weights, "value \(index) of \(name) is \(values[index]): expected finite weights")
  }
}

extension ModelState {
  /// SHA-256 over the little-endian values of all parameters, then of all optimizer state: what a manifest
  /// calls `state_sha256`.
  package var sha256: String {
    var fingerprint = Fingerprint()
    for tensor in parameters + optimizer { tensor.values.withUnsafeBytes { fingerprint.update($0) } }
    return fingerprint.hex
  }

  /// Reads the state of a model from a file.
  ///
  /// - Parameters:
  ///   - file: tensors under the names of this type.
  ///   - table: the model's tensors.
  ///   - stateNames: the optimizer's arenas to read.
  ///   - widens: whether floating-point types other than F32 are accepted; see `SafeTensors.widenedFloats`.
  /// - Throws: `SafeTensorsError` if a tensor is missing or has another shape or type, `TrainingError` if a
  ///   parameter is not finite.
  package init(_ file: SafeTensors, table: ParameterTable, stateNames: [String] = [], widens: Bool = false)
    throws
  {
    func read(_ prefix: String) throws -> [Tensor] {
      try table.parameters.map {
        let name = prefix + $0.name
        let shape = $0.shape.dimensions
        let values = try widens ? file.widenedFloats(name, shape: shape) : file.floats(name, shape: shape)
        return Tensor(name: name, shape: shape, values: values)
      }
    }
    self.init(parameters: try read(""), optimizer: try stateNames.flatMap { try read("optimizer.\($0).") })
    for tensor in parameters { try tensor.requireFinite() }
  }

  /// Adds all tensors to a file.
  ///
  /// - Throws: `SafeTensorsError` if a name is taken.
  package func add(to file: inout SafeTensors) throws {
    for tensor in parameters + optimizer {
      try file.add(tensor.name, shape: tensor.shape, floats: tensor.values)
    }
  }

  /// Copies every tensor of `file` that the model also has, and returns their names.
  ///
  /// - Throws: `TrainingError` if one has another shape or a value that is not finite, or nothing fits.
  package mutating func transfer(from file: SafeTensors) throws -> [String] {
    var taken: [String] = []
    for index in parameters.indices where file.contains(parameters[index].name) {
      let tensor = parameters[index]
      do {
        parameters[index].values = try file.widenedFloats(tensor.name, shape: tensor.shape)
      } catch let error as SafeTensorsError {
        throw TrainingError(
          .weights,
          "the weights do not fit this model: \(error.message)"
            + (error.kind == .wrongShape ? "; choose the same latent, filters, hidden" : ""))
      }
      try parameters[index].requireFinite()
      taken.append(tensor.name)
    }
    guard !taken.isEmpty else {
      throw TrainingError(.weights, "the weights do not fit this model: no tensor has a matching name")
    }
    return taken
  }
}
