/// A linear layer forward: `output = activation(input · weightᵀ + bias)`.
///
/// Shapes: input [N, inputs], weight [outputs, inputs], output [N, outputs].
/// Determinism: per result one fma chain from the bias over ascending features; ends with + 0.0, then the
/// activation.
package struct LinearForward: Descriptor {
  package let input: Buffer
  package let weight: Buffer
  package let bias: Buffer
  package let output: Buffer
  package let activation: Activation

  /// Throws: ``ProgramError`` if shapes do not fit together.
  package init(input: Buffer, weight: Buffer, bias: Buffer, output: Buffer, activation: Activation) throws {
    let shape = try LinearShape("linear", input: input, output: output)
    try requireParameter("linear", "weight", weight, shape.weight)
    try requireParameter("linear", "bias", bias, .bias(shape.outputs))
    self.input = input
    self.weight = weight
    self.bias = bias
    self.output = output
    self.activation = activation
  }

  package var kind: Operation.Kind { .linearForward }
  package var chunkedBatch: Int? { shape.batch }
  package var reads: [Buffer] { [input, weight, bias] }
  package var writes: [Buffer] { [output] }
  package var flops: Int { shape.flops }
  /// Sizes of the layer.
  package var shape: LinearShape { LinearShape(checked: input, output) }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Gradient of a linear layer with respect to its input.
///
/// Determinism: per result one fma chain from +0 over ascending outputs; with `accumulate` it starts from the
/// existing value (two layers that share an input); ends with + 0.0, then the mask selects.
package struct LinearBackwardInput: Descriptor {
  package let outputGradient: Buffer
  package let weight: Buffer
  package let inputGradient: Buffer
  package let mask: ReLUMask?
  package let accumulate: Bool

  /// Throws: ``ProgramError`` if shapes do not fit together.
  package init(
    outputGradient: Buffer, weight: Buffer, inputGradient: Buffer, mask: ReLUMask?, accumulate: Bool = false
  ) throws {
    let shape = try LinearShape("linear backward", input: inputGradient, output: outputGradient)
    try requireParameter("linear backward", "weight", weight, shape.weight)
    if let mask { try requireSame("linear backward", inputGradient, mask.output) }
    self.outputGradient = outputGradient
    self.weight = weight
    self.inputGradient = inputGradient
    self.mask = mask
    self.accumulate = accumulate
  }

  package var kind: Operation.Kind { .linearBackwardInput }
  package var chunkedBatch: Int? { shape.batch }
  package var reads: [Buffer] {
    [outputGradient, weight] + (mask.map { [$0.output] } ?? []) + (accumulate ? [inputGradient] : [])
  }
  package var writes: [Buffer] { [inputGradient] }
  package var flops: Int { shape.flops }
  /// Sizes of the layer.
  package var shape: LinearShape { LinearShape(checked: inputGradient, outputGradient) }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Gradient of a linear layer with respect to weights and bias, over the whole part of a batch.
///
/// Determinism: one set of 8 lanes for the whole part; in a lane one fma chain (bias: additions) from +0 in
/// ascending (block, half of the block); lanes join as ((l0+l2)+(l1+l3)) + ((l4+l6)+(l5+l7)), then + 0.0.
package struct LinearBackwardWeight: Descriptor {
  package let input: Buffer
  package let outputGradient: Buffer
  package let weightGradient: Buffer
  package let biasGradient: Buffer

  /// Throws: ``ProgramError`` if shapes do not fit together.
  package init(input: Buffer, outputGradient: Buffer, weightGradient: Buffer, biasGradient: Buffer) throws {
    let shape = try LinearShape("linear backward", input: input, output: outputGradient)
    try requireParameter("linear backward", "weight gradient", weightGradient, shape.weight)
    try requireParameter("linear backward", "bias gradient", biasGradient, .bias(shape.outputs))
    self.input = input
    self.outputGradient = outputGradient
    self.weightGradient = weightGradient
    self.biasGradient = biasGradient
  }

  package var kind: Operation.Kind { .linearBackwardWeight }
  package var chunkedBatch: Int? { nil }
  package var reads: [Buffer] { [input, outputGradient] }
  package var writes: [Buffer] { [weightGradient, biasGradient] }
  package var flops: Int { shape.flops }
  /// Sizes of the layer.
  package var shape: LinearShape { LinearShape(checked: input, outputGradient) }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Sizes of a linear layer.
package struct LinearShape: Hashable, Sendable {
  package let batch: Int
  package let inputs: Int
  package let outputs: Int

  init(_ operation: String, input: Buffer, output: Buffer) throws {
    let (batch, from) = try requireFeatures(operation, "input", input)
    let (outputBatch, to) = try requireFeatures(operation, "output", output)
    try require(batch == outputBatch, operation, "\(batch) images in, \(outputBatch) out")
    (self.batch, inputs, outputs) = (batch, from, to)
  }

  init(checked input: Buffer, _ output: Buffer) {
    let (batch, shape) = input.images!
    (self.batch, inputs, outputs) = (batch, shape.channels, output.images!.shape.channels)
  }

  var weight: ParameterShape { .linear(outputs: outputs, inputs: inputs) }
  var flops: Int { 2 * batch * inputs * outputs }
}
