/// Joins the chunks' partial gradients of convolutions: `gradients[i] = tree over chunks of partials[c][i]`.
///
/// Determinism: binary tree over the chunk index (neighbours pair, an odd last one passes up unchanged),
/// then + 0.0. Partials are overwritten on the way.
public struct SumChunks: Descriptor {
  public let partials: Buffer
  public let chunks: Int
  /// Floats from one chunk's partials to the next's.
  public let stride: Int
  /// Words: the segments (of ``Blocking/segment`` floats) to be joined, in ascending order.
  public let segments: Buffer
  public let gradients: Buffer

  /// Throws: ``ProgramError`` where the partials are too few.
  public init(partials: Buffer, chunks: Int, stride: Int, segments: Buffer, gradients: Buffer) throws {
    try require(
      chunks > 0 && partials.count >= chunks * stride, "sum chunks",
      "partials hold \(partials.count) floats, expected \(chunks) × \(stride)")
    self.partials = partials
    self.chunks = chunks
    self.stride = stride
    self.segments = segments
    self.gradients = gradients
  }

  public var reads: [Buffer] { [partials, segments] }
  public var writes: [Buffer] { [partials, gradients] }
  public var results: [Buffer] { [gradients] }
  public var flops: Int { segments.count * Blocking.segment * (chunks - 1) }
}

/// Joins the gradients of a batch's parts: `parts[0][i] = tree over parts of parts[p][i]`, p-th part at p · stride.
///
/// Determinism: binary tree over the part index, then + 0.0. The first part holds the result.
public struct SumParts: Descriptor {
  public let parts: Buffer
  public let count: Int
  /// Floats from one part's gradients to the next's.
  public let stride: Int

  /// Throws: ``ProgramError`` where the buffer is too small.
  public init(parts: Buffer, count: Int, stride: Int) throws {
    try require(
      count > 0 && parts.count >= count * stride, "sum parts",
      "\(parts.count) floats, expected \(count) × \(stride)")
    self.parts = parts
    self.count = count
    self.stride = stride
  }

  public var reads: [Buffer] { [parts] }
  public var writes: [Buffer] { [parts] }
  public var flops: Int { stride * (count - 1) }
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
