/// `output = input > 0 ? input : slope · input`, element by element.
///
/// Source: Maas, Hannun & Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013).
/// Shapes: both [N, C, H, W].
public struct LeakyReLUForward: Descriptor {
  public let input: Buffer
  public let output: Buffer
  public let slope: Float

  /// Throws: ``ProgramError`` where the shapes differ or the slope is not above 0 and finite.
  public init(input: Buffer, output: Buffer, slope: Float) throws {
    try requireSame("leaky ReLU", input, output)
    try requireSlope(slope)
    self.input = input
    self.output = output
    self.slope = slope
  }

  public var kind: Operation.Kind { .leakyReLUForward }
  public var chunkedBatch: Int? { output.images?.batch }
  public var reads: [Buffer] { [input] }
  public var writes: [Buffer] { [output] }
  public var flops: Int { input.count * 2 }

  public func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// `inputGradient = output > 0 ? outputGradient : slope · outputGradient`, taken from the stored *output*, which is above
/// 0 where the input was.
///
/// Shapes: all [N, C, H, W].
public struct LeakyReLUBackward: Descriptor {
  public let output: Buffer
  public let outputGradient: Buffer
  public let inputGradient: Buffer
  public let slope: Float

  /// Throws: ``ProgramError`` where the shapes differ or the slope is not above 0 and finite.
  public init(output: Buffer, outputGradient: Buffer, inputGradient: Buffer, slope: Float) throws {
    try requireSame("leaky ReLU backward", output, outputGradient)
    try requireSame("leaky ReLU backward", output, inputGradient)
    try requireSlope(slope)
    self.output = output
    self.outputGradient = outputGradient
    self.inputGradient = inputGradient
    self.slope = slope
  }

  public var kind: Operation.Kind { .leakyReLUBackward }
  public var chunkedBatch: Int? { output.images?.batch }
  public var reads: [Buffer] { [output, outputGradient] }
  public var writes: [Buffer] { [inputGradient] }
  public var flops: Int { output.count * 2 }

  public func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

private func requireSlope(_ slope: Float) throws {
  try require(slope > 0 && slope.isFinite, "leaky ReLU", "slope is \(slope), expected above 0")
}
