/// Dropout forward: `output = u < 1 − p ? input · scale : 0`, scale = 1 / (1 − p) rounded once.
///
/// Shapes: both [N, C, H, W]; u is uniform number (channel, y, x) of the sample in this epoch.
package struct DropoutForward: Descriptor {
  package let input: Buffer
  package let output: Buffer
  package let source: BatchSource
  package let random: RandomSource
  /// 1 − p, rounded to binary32.
  package let keep: Float
  /// 1 / (1 − p), rounded to binary32.
  package let scale: Float

  /// Throws: ``ProgramError`` if shapes differ or `probability` is not in 0 ..< 1.
  package init(
    input: Buffer, output: Buffer, source: BatchSource, random: RandomSource, probability: Double
  ) throws {
    try requireSame("dropout", input, output)
    try source.check("dropout", batch: input.images!.batch)
    try require((0..<1).contains(probability), "dropout", "p is \(probability), expected 0 ..< 1")
    self.input = input
    self.output = output
    self.source = source
    self.random = random
    keep = Float(1 - probability)
    scale = Self.scale(probability)
  }

  /// 1 / (1 − p), rounded to binary32.
  package static func scale(_ probability: Double) -> Float { Float(1 / (1 - probability)) }

  package var kind: Operation.Kind { .dropoutForward }
  package var chunkedBatch: Int? { source.samples == 1 ? output.images?.batch : nil }
  package var reads: [Buffer] { [input] + source.buffers }
  package var writes: [Buffer] { [output] }
  package var flops: Int { input.count * 2 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Dropout backward, the same selection of the gradient.
///
/// Shapes: both [N, C, H, W].
package struct DropoutBackward: Descriptor {
  package let forward: DropoutForward
  package let outputGradient: Buffer
  package let inputGradient: Buffer

  /// Throws: ``ProgramError`` if shapes differ.
  package init(_ forward: DropoutForward, outputGradient: Buffer, inputGradient: Buffer) throws {
    try requireSame("dropout backward", forward.output, outputGradient)
    try requireSame("dropout backward", forward.input, inputGradient)
    self.forward = forward
    self.outputGradient = outputGradient
    self.inputGradient = inputGradient
  }

  package var kind: Operation.Kind { .dropoutBackward }
  package var chunkedBatch: Int? { forward.source.samples == 1 ? inputGradient.images?.batch : nil }
  package var reads: [Buffer] { [outputGradient] + forward.source.buffers }
  package var writes: [Buffer] { [inputGradient] }
  package var flops: Int { inputGradient.count * 2 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}
