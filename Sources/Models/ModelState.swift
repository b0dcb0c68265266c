import Programs

/// A model's parameters and its optimizer's state on the host, with PyTorch's names, order and layout.
package struct ModelState: Sendable, Equatable {
  /// One tensor.
  package struct Tensor: Sendable, Equatable {
    /// `encoder.conv1.weight`, or `optimizer.m.encoder.conv1.weight`.
    package let name: String
    /// PyTorch's dimensions.
    package let shape: [Int]
    /// Values, last dimension fastest.
    package var values: [Float]

    /// A tensor; the number of values must match the shape.
    package init(name: String, shape: [Int], values: [Float]) {
      self.name = name
      self.shape = shape
      self.values = values
    }
  }

  /// Parameters in state order.
  package var parameters: [Tensor]
  /// The optimizer's arenas one after another, each in state order.
  package var optimizer: [Tensor]

  /// State from its tensors, in state order.
  package init(parameters: [Tensor], optimizer: [Tensor] = []) {
    self.parameters = parameters
    self.optimizer = optimizer
  }

  /// The parameters alone.
  package var withoutOptimizer: ModelState { ModelState(parameters: parameters) }
}

extension ParameterTable {
  /// The state in packed arenas: the parameters, then the optimizer's, if any.
  package func state(_ arenas: [[Float]], _ optimizer: Optimizer) -> ModelState {
    var state = ModelState(parameters: unpack(arenas[0]))
    for (name, arena) in zip(optimizer.stateNames, arenas.dropFirst()) {
      state.optimizer += unpack(arena, prefix: Self.prefix(name))
    }
    return state
  }

  /// Names of all tensors of the state, in state order.
  package func stateNames(_ optimizer: Optimizer) -> [String] {
    ([""] + optimizer.stateNames.map(Self.prefix)).flatMap { prefix in parameters.map { prefix + $0.name } }
  }

  private static func prefix(_ arena: String) -> String { "optimizer.\(arena)." }

  /// The tensors of a packed arena under names that begin with `prefix`.
  func unpack(_ arena: [Float], prefix: String = "") -> [ModelState.Tensor] {
    parameters.map { parameter in
      let packed = arena[parameter.offset..<parameter.offset + parameter.shape.packedCount]
      return ModelState.Tensor(
        name: prefix + parameter.name, shape: parameter.shape.dimensions,
        values: parameter.shape.unpack(packed))
    }
  }

  /// The packed arena that holds `tensors`, one for each parameter.
  func pack(_ tensors: ArraySlice<ModelState.Tensor>) -> [Float] {
    var arena = [Float](repeating: 0, count: arenaCount)
    for (tensor, parameter) in zip(tensors, parameters) {
      let packed = parameter.shape.pack(tensor.values)
      arena.replaceSubrange(parameter.offset..<parameter.offset + packed.count, with: packed)
    }
    return arena
  }
}
