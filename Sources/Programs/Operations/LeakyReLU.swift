/// `output = input > 0 ? input : slope · input`, element by element.
///
/// Source: Maas, Hannun & Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013).
/// Shapes: both [N, C, H, W].
package struct LeakyReLUForward: Descriptor {
  package let input: Buffer
  package let output: Buffer
  package let slope: Float

  /// Throws: ``ProgramError`` if the shapes differ or the slope is not above 0 and finite.
  package init(input: Buffer, output: Buffer, slope: Float) throws {
    try requireSame("leaky ReLU", input, output)
    try requireSlope(slope)
    self.input = input
    self.output = output
    self.slope = slope
  }

  package var kind: Operation.Kind { .leakyReLUForward }
  package var chunkedBatch: Int? { output.images?.batch }
  package var reads: [Buffer] { [input] }
  package var writes: [Buffer] { [output] }
  package var flops: Int { input.count * 2 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// `inputGradient = output > 0 ? outputGradient : slope · outputGradient`, taken from the stored *output*, which is above
/// 0 where the input was.
///
/// Shapes: all [N, C, H, W].
package struct LeakyReLUBackward: Descriptor {
  package let output: Buffer
  package let outputGradient: Buffer
  package let inputGradient: Buffer
  package let slope: Float

  /// Throws: ``ProgramError`` if the shapes differ or the slope is not above 0 and finite.
  package init(output: Buffer, outputGradient: Buffer, inputGradient: Buffer, slope: Float) throws {
    try requireSame("leaky ReLU backward", output, outputGradient)
    try requireSame("leaky ReLU backward", output, inputGradient)
    try requireSlope(slope)
    self.output = output
    self.outputGradient = outputGradient
    self.inputGradient = inputGradient
    self.slope = slope
  }

  package var kind: Operation.Kind { .leakyReLUBackward }
  package var chunkedBatch: Int? { output.images?.batch }
  package var reads: [Buffer] { [output, outputGradient] }
  package var writes: [Buffer] { [inputGradient] }
  package var flops: Int { output.count * 2 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

private func requireSlope(_ slope: Float) throws {
  try require(slope > 0 && slope.isFinite, "leaky ReLU", "slope is \(slope), expected above 0")
}
