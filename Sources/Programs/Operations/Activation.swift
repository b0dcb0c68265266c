/// An element-wise function after a layer. Formulas: `Numerics`, table of formulas.
package enum Activation: String, CaseIterable, Hashable, Sendable, Codable {
  case identity, relu, sigmoid, tanh, softplus
}

/// Backward through the ReLU that made a layer's input, and the dropout after it, in the epilogue of the layer's own
/// backward operation.
///
/// `x > 0 ? g · scale : 0`, where x is the stored output; after dropout it is 0 where the value was dropped,
/// so one selection serves both. Without dropout the scale is 1 and the product exact.
package struct ReLUMask: Hashable, Sendable {
  /// The stored output of ReLU (and dropout), of the gradient's shape.
  package let output: Buffer
  /// Dropout's scale, 1 / (1 − p).
  package let scale: Float

  /// A mask that selects where `output` is positive.
  package init(_ output: Buffer, scale: Float = 1) {
    self.output = output
    self.scale = scale
  }
}

/// `output = activation(input)`, element by element.
///
/// Shapes: both [N, C, H, W].
package struct ActivationForward: Descriptor {
  package let input: Buffer
  package let output: Buffer
  package let activation: Activation

  /// Throws: ``ProgramError`` if the shapes differ.
  package init(input: Buffer, output: Buffer, activation: Activation) throws {
    try requireSame("activation", input, output)
    self.input = input
    self.output = output
    self.activation = activation
  }

  package var kind: Operation.Kind { .activationForward }
  package var chunkedBatch: Int? { output.images?.batch }
  package var reads: [Buffer] { [input] }
  package var writes: [Buffer] { [output] }
  package var flops: Int { input.count * (activation == .relu || activation == .identity ? 1 : 20) }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// `inputGradient = outputGradient · activation′`, the derivative taken from the stored *output* y
/// (ReLU: `y > 0`; sigmoid `y(1−y)`; tanh `1−y²`; softplus: `1 − exp(−y)`).
///
/// Shapes: all [N, C, H, W].
package struct ActivationBackward: Descriptor {
  package let output: Buffer
  package let outputGradient: Buffer
  package let inputGradient: Buffer
  package let activation: Activation

  /// Throws: ``ProgramError`` if the shapes differ.
  package init(output: Buffer, outputGradient: Buffer, inputGradient: Buffer, activation: Activation) throws {
    try requireSame("activation backward", output, outputGradient)
    try requireSame("activation backward", output, inputGradient)
    self.output = output
    self.outputGradient = outputGradient
    self.inputGradient = inputGradient
    self.activation = activation
  }

  package var kind: Operation.Kind { .activationBackward }
  package var chunkedBatch: Int? { output.images?.batch }
  package var reads: [Buffer] { [output, outputGradient] }
  package var writes: [Buffer] { [inputGradient] }
  package var flops: Int { output.count * 3 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}
