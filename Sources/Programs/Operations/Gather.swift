/// A batch of images from the resident data set: `output[n] = float(bytes[index[n]]) / 255`.
///
/// Shapes: dataset bytes [count, C·H·W] → output [N, C, H, W]. Absent images become zeros. If the data set is a window
/// of ``rows`` batches instead, the batch of step s is row s mod ``rows``, in the order of its indices.
package struct GatherImages: Descriptor {
  package let dataset: Buffer
  package let source: BatchSource
  package let output: Buffer
  /// Batches of `source.rowLength` images that `dataset` holds in turn; 0: it holds all images, by their index.
  package let rows: Int

  /// Throws: ``ProgramError`` if the data set is not whole images, or has no room for `rows` batches.
  package init(dataset: Buffer, source: BatchSource, output: Buffer, rows: Int = 0) throws {
    guard let (batch, shape) = output.images else { throw ProgramError("gather", "output holds no images") }
    try requireBytes("gather", "data set", dataset, atLeast: shape.count)
    try source.check("gather", batch: batch)
    try require(
      dataset.count % shape.count == 0, "gather",
      "the data set holds \(dataset.count) bytes, not a multiple of the \(shape.count) of an image")
    try require(
      rows >= 0 && rows * source.rowLength <= dataset.count / shape.count, "gather",
      "the data set holds \(dataset.count / shape.count) images, not \(rows) rows of \(source.rowLength)")
    self.dataset = dataset
    self.source = source
    self.output = output
    self.rows = rows
  }

  package var kind: Operation.Kind { .gatherImages }
  package var chunkedBatch: Int? { output.images?.batch }
  package var reads: [Buffer] { [dataset] + source.buffers }
  package var writes: [Buffer] { [output] }
  package var flops: Int { output.count }
  // It reads one byte per pixel of the resident images.
  package var traffic: (read: Int, written: Int) { (output.count, output.contents.byteCount) }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// `output = input + factor · normal`, fresh for every epoch, sample and element.
///
/// Shapes: both [N, C, H, W]. Formula: fma(factor, normal, input), element e of a sample is element
/// (channel, y, x) of the random stream.
package struct AddNoise: Descriptor {
  package let input: Buffer
  package let output: Buffer
  package let source: BatchSource
  package let random: RandomSource
  package let factor: Float

  /// Throws: ``ProgramError`` if shapes differ or the factor is negative or not finite.
  package init(
    input: Buffer, output: Buffer, source: BatchSource, random: RandomSource, factor: Float
  ) throws {
    try requireSame("noise", input, output)
    try source.check("noise", batch: input.images!.batch)
    try require(factor.isFinite && factor >= 0, "noise", "factor is \(factor), expected 0 or more")
    self.input = input
    self.output = output
    self.source = source
    self.random = random
    self.factor = factor
  }

  package var kind: Operation.Kind { .addNoise }
  package var chunkedBatch: Int? { output.images?.batch }
  package var reads: [Buffer] { [input] + source.buffers }
  package var writes: [Buffer] { [output] }
  package var flops: Int { input.count * 60 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// `output = u < input ? 1 : 0`: every value, a probability, becomes a bit.
///
/// Source: Salakhutdinov & Murray, On the Quantitative Analysis of Deep Belief Networks (2008). Shapes: both
/// [N, C, H, W]; u is uniform number (channel, y, x) of the sample, drawn per epoch or only once.
package struct Binarise: Descriptor {
  package let input: Buffer
  package let output: Buffer
  package let source: BatchSource
  package let random: RandomSource
  /// Whether bits are drawn anew in every epoch; otherwise word 1 of the counter is 0.
  package let isFresh: Bool

  /// Throws: ``ProgramError`` if shapes differ.
  package init(
    input: Buffer, output: Buffer, source: BatchSource, random: RandomSource, isFresh: Bool
  ) throws {
    try requireSame("binarise", input, output)
    try source.check("binarise", batch: input.images!.batch)
    self.input = input
    self.output = output
    self.source = source
    self.random = random
    self.isFresh = isFresh
  }

  package var kind: Operation.Kind { .binarise }
  package var chunkedBatch: Int? { output.images?.batch }
  package var reads: [Buffer] { [input] + source.buffers }
  package var writes: [Buffer] { [output] }
  package var flops: Int { input.count * 2 }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}
