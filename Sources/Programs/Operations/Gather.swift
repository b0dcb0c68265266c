/// A batch of images out of the resident data set: `output[n] = float(bytes[index[n]]) / 255`.
///
/// Shapes: dataset bytes [count, C·H·W] → output [N, C, H, W]. Absent images become zeros.
public struct GatherImages: Descriptor {
  public let dataset: Buffer
  public let source: BatchSource
  public let output: Buffer

  /// Throws: ``ProgramError`` where the data set is not whole images.
  public init(dataset: Buffer, source: BatchSource, output: Buffer) throws {
    guard let (_, shape) = output.images else { throw ProgramError("gather", "output holds no images") }
    try require(
      dataset.count % shape.count == 0, "gather",
      "the data set holds \(dataset.count) bytes, not a multiple of the \(shape.count) of an image")
    self.dataset = dataset
    self.source = source
    self.output = output
  }

  public var reads: [Buffer] { [dataset] + source.buffers }
  public var writes: [Buffer] { [output] }
  public var flops: Int { output.count }
}

/// `output = input + factor · normal`, fresh for every epoch, sample and element.
///
/// Shapes: both [N, C, H, W]. Formula: fma(factor, normal, input), element e of a sample is element
/// (channel, y, x) of the random stream.
public struct AddNoise: Descriptor {
  public let input: Buffer
  public let output: Buffer
  public let source: BatchSource
  public let random: RandomSource
  public let factor: Float

  /// Throws: ``ProgramError`` where shapes differ or the factor is negative or not finite.
  public init(
    input: Buffer, output: Buffer, source: BatchSource, random: RandomSource, factor: Float
  ) throws {
    try requireSame("noise", input, output)
    try require(factor.isFinite && factor >= 0, "noise", "factor is \(factor), expected 0 or more")
    self.input = input
    self.output = output
    self.source = source
    self.random = random
    self.factor = factor
  }

  public var reads: [Buffer] { [input] + source.buffers }
  public var writes: [Buffer] { [output] }
  public var flops: Int { input.count * 60 }
}
