/// A linear layer forward: `output = activation(input · weightᵀ + bias)`.
///
/// Shapes: input [N, inputs], weight [outputs, inputs], output [N, outputs].
/// Determinism: per result one fma chain from the bias over ascending features; ends with + 0.0, then the
/// activation.
public struct LinearForward: Descriptor {
  public let input: Buffer
  public let weight: Buffer
  public let bias: Buffer
  public let output: Buffer
  public let activation: Activation

  /// Throws: ``ProgramError`` where shapes do not fit together.
  public init(input: Buffer, weight: Buffer, bias: Buffer, output: Buffer, activation: Activation) throws {
    let shape = try LinearShape("linear", input: input, output: output)
    try requireParameter("linear", "weight", weight, shape.weight)
    try requireParameter("linear", "bias", bias, .bias(shape.outputs))
    self.input = input
    self.weight = weight
    self.bias = bias
    self.output = output
    self.activation = activation
  }

  public var kind: Operation.Kind { .linearForward }
  public var chunkedBatch: Int? { shape.batch }
  public var reads: [Buffer] { [input, weight, bias] }
  public var writes: [Buffer] { [output] }
  public var flops: Int { shape.flops }
  /// Sizes of the layer.
  public var shape: LinearShape { LinearShape(checked: input, output) }

  public func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Gradient of a linear layer with respect to its input.
///
/// Determinism: per result one fma chain from +0 over ascending outputs; with `accumulate` it starts from the
/// value that stands there (two layers that share an input); ends with + 0.0, then the mask selects.
public struct LinearBackwardInput: Descriptor {
  public let outputGradient: Buffer
  public let weight: Buffer
  public let inputGradient: Buffer
  public let mask: ReLUMask?
  public let accumulate: Bool

  /// Throws: ``ProgramError`` where shapes do not fit together.
  public init(
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

  public var kind: Operation.Kind { .linearBackwardInput }
  public var chunkedBatch: Int? { shape.batch }
  public var reads: [Buffer] {
    [outputGradient, weight] + (mask.map { [$0.output] } ?? []) + (accumulate ? [inputGradient] : [])
  }
  public var writes: [Buffer] { [inputGradient] }
  public var flops: Int { shape.flops }
  /// Sizes of the layer.
  public var shape: LinearShape { LinearShape(checked: inputGradient, outputGradient) }

  public func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Gradient of a linear layer with respect to weights and bias, over the whole part.
///
/// Determinism: one set of 8 lanes for the whole part; in a lane one fma chain (bias: additions) from +0 in
/// ascending (block, half of the block); lanes join as ((l0+l2)+(l1+l3)) + ((l4+l6)+(l5+l7)), then + 0.0.
public struct LinearBackwardWeight: Descriptor {
  public let input: Buffer
  public let outputGradient: Buffer
  public let weightGradient: Buffer
  public let biasGradient: Buffer

  /// Throws: ``ProgramError`` where shapes do not fit together.
  public init(input: Buffer, outputGradient: Buffer, weightGradient: Buffer, biasGradient: Buffer) throws {
    let shape = try LinearShape("linear backward", input: input, output: outputGradient)
    try requireParameter("linear backward", "weight gradient", weightGradient, shape.weight)
    try requireParameter("linear backward", "bias gradient", biasGradient, .bias(shape.outputs))
    self.input = input
    self.outputGradient = outputGradient
    self.weightGradient = weightGradient
    self.biasGradient = biasGradient
  }

  public var kind: Operation.Kind { .linearBackwardWeight }
  public var chunkedBatch: Int? { nil }
  public var reads: [Buffer] { [input, outputGradient] }
  public var writes: [Buffer] { [weightGradient, biasGradient] }
  public var flops: Int { shape.flops }
  /// Sizes of the layer.
  public var shape: LinearShape { LinearShape(checked: input, outputGradient) }

  public func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Sizes of a linear layer.
public struct LinearShape: Hashable, Sendable {
  public let batch: Int
  public let inputs: Int
  public let outputs: Int

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
