/// Joins partial gradients, of the chunks of a part or of the parts of a batch:
/// `gradients[i] = tree over rows of partials[row][i]`.
///
/// Determinism: binary tree over the row's index (neighbours pair, an odd last one passes up unchanged),
/// then + 0.0. Partials are overwritten on the way; `gradients` may be their first row.
public struct SumPartials: Descriptor {
  public let partials: Buffer
  /// Chunks, or parts.
  public let rows: Int
  /// Floats from one row to the next.
  public let stride: Int
  /// Words: the segments (of ``Blocking/segment`` floats) to be joined, in ascending order.
  public let segments: Buffer
  public let gradients: Buffer

  /// Throws: ``ProgramError`` where the partials are too few.
  public init(partials: Buffer, rows: Int, stride: Int, segments: Buffer, gradients: Buffer) throws {
    try require(
      rows > 0 && partials.count >= rows * stride, "sum partials",
      "partials hold \(partials.count) floats, expected \(rows) × \(stride)")
    self.partials = partials
    self.rows = rows
    self.stride = stride
    self.segments = segments
    self.gradients = gradients
  }

  public var reads: [Buffer] { [partials, segments] }
  public var writes: [Buffer] { [partials, gradients] }
  public var results: [Buffer] { [gradients] }
  public var flops: Int { segments.count * Blocking.segment * (rows - 1) }
}

/// One number a step: `results[step · slots + slot] = scale · Σ perImage`.
///
/// Determinism: for each part 8 lanes over its images (lane ℓ: n mod 8 = ℓ, additions from +0 in ascending
/// (block, half)), joined as ((l0+l2)+(l1+l3)) + ((l4+l6)+(l5+l7)) and + 0.0; parts by the binary tree;
/// then one multiplication by the step's lossScale, or none.
public struct SumPerImage: Descriptor {
  /// One buffer [N, 1] for each part.
  public let perImage: [Buffer]
  public let table: Buffer
  /// Whether the sum is multiplied by the step's ``StepField/lossScale``.
  public let scaled: Bool
  public let results: Buffer
  public let slot: Int
  public let slots: Int

  /// Throws: ``ProgramError`` where a part is not one value an image or the slot is out of range.
  public init(perImage: [Buffer], table: Buffer, scaled: Bool, results: Buffer, slot: Int, slots: Int) throws
  {
    for part in perImage {
      try requireImages("sum per image", "part", part, part.images?.batch ?? 0, .features(1))
    }
    try require(
      (1...64).contains(perImage.count), "sum per image", "\(perImage.count) parts, expected 1...64")
    try require((0..<slots).contains(slot), "sum per image", "slot \(slot) of \(slots)")
    self.perImage = perImage
    self.table = table
    self.scaled = scaled
    self.results = results
    self.slot = slot
    self.slots = slots
  }

  public var reads: [Buffer] { perImage + [table] }
  public var writes: [Buffer] { [results] }
  public var flops: Int { perImage.reduce(0) { $0 + $1.count } }
}
