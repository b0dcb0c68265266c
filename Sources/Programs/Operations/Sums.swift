/// Joins partial gradients, of the chunks of a part or of the parts of a batch:
/// `gradients[i] = tree over rows of partials[row][i]`.
///
/// Determinism: binary tree over the row's index (neighbours pair, an odd last one passes up unchanged),
/// then + 0.0. Partials are overwritten on the way; `gradients` may be their first row.
package struct SumPartials: Descriptor {
  package let partials: Buffer
  /// Chunks, or parts.
  package let rows: Int
  /// Floats from one row to the next.
  package let stride: Int
  /// Words: the segments (of ``Blocking/segment`` floats) to be joined, in ascending order.
  package let segments: Buffer
  package let gradients: Buffer

  /// Throws: ``ProgramError`` if the partials are too few.
  package init(partials: Buffer, rows: Int, stride: Int, segments: Buffer, gradients: Buffer) throws {
    try require(
      rows > 0 && stride > 0 && stride % Blocking.segment == 0, "sum partials",
      "\(rows) rows of \(stride) floats, expected whole segments")
    try requireFloats("sum partials", "partials", partials, atLeast: rows * stride)
    try requireSegments("sum partials", segments) { Int($0) < stride / Blocking.segment }
    if case .constant(let words) = segments.storage, let last = words.max() {
      try requireFloats("sum partials", "gradients", gradients, atLeast: (Int(last) + 1) * Blocking.segment)
    }
    self.partials = partials
    self.rows = rows
    self.stride = stride
    self.segments = segments
    self.gradients = gradients
  }

  package var kind: Operation.Kind { .sumPartials }
  package var chunkedBatch: Int? { nil }
  package var reads: [Buffer] { [partials, segments] }
  package var writes: [Buffer] { [partials, gradients] }
  package var results: [Buffer] { [gradients] }
  package var flops: Int { segments.count * Blocking.segment * (rows - 1) }
  package var traffic: (read: Int, written: Int) {
    let bytes = 4 * segments.count * Blocking.segment
    return (bytes * rows, bytes)
  }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// The sum of one value per image over one part of a batch: `sums[place] = Σ perImage`.
///
/// Determinism: 8 lanes over the part's images (lane ℓ: n mod 8 = ℓ, additions from +0 in ascending (block, half)), joined
/// as ((l0+l2)+(l1+l3)) + ((l4+l6)+(l5+l7)) and + 0.0.
///
/// Shapes: perImage [N, 1].
package struct SumPerImage: Descriptor {
  package let perImage: Buffer
  /// One float for every part and slot, `sums[part · slots + slot]`.
  package let sums: Buffer
  package let place: Int

  /// Throws: ``ProgramError`` if the part is not one value per image or the place is out of range.
  package init(perImage: Buffer, sums: Buffer, place: Int) throws {
    try requireImages("sum per image", "part", perImage, perImage.images?.batch ?? 0, .features(1))
    try require(place >= 0, "sum per image", "place \(place), expected 0 or more")
    try requireFloats("sum per image", "sums", sums, atLeast: place + 1)
    self.perImage = perImage
    self.sums = sums
    self.place = place
  }

  package var kind: Operation.Kind { .sumPerImage }
  package var chunkedBatch: Int? { nil }
  package var reads: [Buffer] { [perImage] }
  package var writes: [Buffer] { [sums] }
  package var flops: Int { perImage.count }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// A step's losses and metrics from the sums of its parts:
/// `losses[step · slots + slot] = scale · tree over parts of sums[part · slots + slot]`.
///
/// Determinism: parts by the binary tree (neighbours pair, an odd last one passes up unchanged), then slots that are
/// means are multiplied once by the step's ``StepField/lossScale``. Sums are overwritten on the way.
package struct JoinLosses: Descriptor {
  package let sums: Buffer
  package let parts: Int
  /// For each slot, whether it is multiplied by the step's ``StepField/lossScale``.
  package let scaled: [Bool]
  package let table: Buffer
  package let losses: Buffer

  /// Number of slots.
  package var slots: Int { scaled.count }

  /// Throws: ``ProgramError`` if a buffer is too small, or there are too many parts or slots.
  package init(sums: Buffer, parts: Int, scaled: [Bool], table: Buffer, losses: Buffer) throws {
    try require((1...1024).contains(parts), "join losses", "\(parts) parts, expected 1...1024")
    try require((1...32).contains(scaled.count), "join losses", "\(scaled.count) slots, expected 1...32")
    try requireFloats("join losses", "sums", sums, atLeast: parts * scaled.count)
    try requireWords("join losses", "table of steps", table, atLeast: StepTable.width)
    try requireFloats(
      "join losses", "losses", losses, atLeast: table.count / StepTable.width * scaled.count)
    self.sums = sums
    self.parts = parts
    self.scaled = scaled
    self.table = table
    self.losses = losses
  }

  package var kind: Operation.Kind { .joinLosses }
  package var chunkedBatch: Int? { nil }
  package var reads: [Buffer] { [sums, table] }
  package var writes: [Buffer] { [sums, losses] }
  package var results: [Buffer] { [losses] }
  package var flops: Int { parts * slots }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}
