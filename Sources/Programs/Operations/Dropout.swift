/// Dropout forward: `output = u < 1 − p ? input · scale : 0`, scale = 1 / (1 − p) rounded once.
///
/// Shapes: both [N, C, H, W]; u is uniform number (channel, y, x) of the sample in this epoch.
public struct DropoutForward: Descriptor {
  public let input: Buffer
  public let output: Buffer
  public let source: BatchSource
  public let random: RandomSource
  /// 1 − p, rounded to binary32.
  public let keep: Float
  /// 1 / (1 − p), rounded to binary32.
  public let scale: Float

  /// Throws: ``ProgramError`` where shapes differ or `probability` is not in 0 ..< 1.
  public init(
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
  public static func scale(_ probability: Double) -> Float { Float(1 / (1 - probability)) }

  public var kind: Operation.Kind { .dropoutForward }
  public var chunkedBatch: Int? { output.images?.batch }
  public var reads: [Buffer] { [input] + source.buffers }
  public var writes: [Buffer] { [output] }
  public var flops: Int { input.count * 2 }

  public func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Dropout backward, the same selection of the gradient.
///
/// Shapes: both [N, C, H, W].
public struct DropoutBackward: Descriptor {
  public let forward: DropoutForward
  public let outputGradient: Buffer
  public let inputGradient: Buffer

  /// Throws: ``ProgramError`` where shapes differ.
  public init(_ forward: DropoutForward, outputGradient: Buffer, inputGradient: Buffer) throws {
    try requireSame("dropout backward", forward.output, outputGradient)
    try requireSame("dropout backward", forward.input, inputGradient)
    self.forward = forward
    self.outputGradient = outputGradient
    self.inputGradient = inputGradient
  }

  public var kind: Operation.Kind { .dropoutBackward }
  public var chunkedBatch: Int? { inputGradient.images?.batch }
  public var reads: [Buffer] { [outputGradient] + forward.source.buffers }
  public var writes: [Buffer] { [inputGradient] }
  public var flops: Int { inputGradient.count * 2 }

  public func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}
