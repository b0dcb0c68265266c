/// The values that change from step to step: one row of ``StepTable/width`` words per step, uploaded once per
/// epoch; a step itself uploads nothing.
package enum StepField: Int, CaseIterable, Sendable {
  /// Epoch, counted from 1 (0: none); word 1 of the random counter.
  case epoch
  /// Images in this step's batch.
  case images
  /// What the summed loss is multiplied by, binary32.
  case lossScale
  /// What every loss gradient is multiplied by, binary32.
  case gradientScale
  /// Learning rate, with Adam's first bias correction, binary32.
  case stepSize
  /// Adam: √(1 − β₂ᵗ), binary32.
  case secondMomentScale
  /// Decoupled weight decay: 1 − learning rate · decay, binary32.
  case decay
  /// Weight of the KL divergence, binary32.
  case klWeight
  /// What the gradient of the KL divergence is multiplied by: its weight times the gradient scale, binary32.
  case klGradientScale
}

/// A step table on the host.
package struct StepTable: Sendable {
  /// Words in a row.
  package static let width = 16
  /// Rows one after another.
  package private(set) var words: [UInt32]

  /// A table of `steps` rows of zeros.
  package init(steps: Int) { words = [UInt32](repeating: 0, count: steps * Self.width) }

  /// The word of `field` in `step`.
  package subscript(step: Int, field: StepField) -> UInt32 {
    get { words[step * Self.width + field.rawValue] }
    set { words[step * Self.width + field.rawValue] = newValue }
  }

  /// Stores a binary32 value.
  package mutating func set(_ step: Int, _ field: StepField, _ value: Float) {
    self[step, field] = value.bitPattern
  }
}

/// The images of one part of a batch, with their step table and indices.
///
/// Row s of `indices` holds the `rowLength` data set indices of step s; ``absent`` marks a place without an image.
package struct BatchSource: Hashable, Sendable {
  /// The index that marks a place without an image.
  package static let absent = UInt32.max
  /// Rows of ``StepTable``.
  package let table: Buffer
  /// Rows of data set indices, words.
  package let indices: Buffer
  /// Indices in a row.
  package let rowLength: Int
  /// Place of the part's first image in the batch.
  package let firstImage: Int
  /// Samples per image: K samples are stored one after another, each starting with a new block, so that an
  /// image keeps its lane. See ``rows(images:)``.
  package let samples: Int

  /// A part of a batch that starts at `firstImage`.
  package init(table: Buffer, indices: Buffer, rowLength: Int, firstImage: Int = 0, samples: Int = 1) {
    self.table = table
    self.indices = indices
    self.rowLength = rowLength
    self.firstImage = firstImage
    self.samples = samples
  }

  /// The same images, `samples` times each.
  package func repeated(_ samples: Int) -> BatchSource {
    BatchSource(
      table: table, indices: indices, rowLength: rowLength, firstImage: firstImage, samples: samples)
  }

  /// Number of images in a buffer with ``samples`` samples of `images` images: all samples but the last take whole blocks.
  package func rows(images: Int) -> Int {
    (samples - 1) * Blocking.blocks(images) * Blocking.block + images
  }

  /// The inverse of ``rows(images:)``.
  package func images(rows: Int) -> Int {
    rows - (samples - 1) * (Blocking.blocks(rows) / samples) * Blocking.block
  }

  var buffers: [Buffer] { [table, indices] }

  /// Steps that both tables have rows for.
  var steps: Int { min(table.count / StepTable.width, indices.count / rowLength) }

  /// Throws: ``ProgramError`` if the tables are invalid, have no room for the batch's images from ``firstImage`` on, or
  /// `rows` is not the size of a buffer with ``samples`` samples per image.
  func check(_ operation: String, batch rows: Int) throws {
    let batch = images(rows: rows)
    try require(
      samples > 0 && batch > 0 && self.rows(images: batch) == rows, operation,
      "\(rows) images are not \(samples) samples of some")
    try requireWords(operation, "table of steps", table, atLeast: StepTable.width)
    try requireWords(operation, "indices", indices, atLeast: max(rowLength, 1))
    try require(
      firstImage >= 0 && firstImage + batch <= rowLength, operation,
      "\(batch) images from \(firstImage) on do not fit into rows of \(rowLength) indices")
    try require(
      indices.count % rowLength == 0 && table.count == indices.count / rowLength * StepTable.width, operation,
      "\(indices.count) indices in rows of \(rowLength) do not match a table of \(table.count) words")
  }
}

/// The source of random values: numerics contract, section 4.
package struct RandomSource: Hashable, Sendable {
  /// The generator's key.
  package let seed: UInt64
  /// Word 0 of the counter: purpose and layer.
  package let stream: UInt32

  /// The generator of `seed` at `stream`.
  package init(seed: UInt64, stream: UInt32) {
    self.seed = seed
    self.stream = stream
  }
}
