/// The parts that the images of a data set fall into.
public enum Split: String, Sendable, CaseIterable, Codable {
  /// Training images that are learnt from.
  case train
  /// Training images held back to decide when to stop.
  case validation
  /// The test images.
  case test

  /// Chooses which training images are held back for validation.
  ///
  /// The `validationCount` smallest by (word, index) go to validation; nothing else counts, so the choice is
  /// the same on every machine. Both results are ascending and together hold each of 0 ..< N once.
  ///
  /// - Parameters:
  ///   - words: one random word per training image (N of them).
  ///   - validationCount: how many to hold back, from 0 to N − 1.
  /// - Throws: `DatasetError` when the count is negative or leaves nothing to train on.
  public static func validationSplit(
    words: [UInt32], validationCount: Int
  ) throws -> (train: [UInt32], validation: [UInt32]) {
    guard validationCount >= 0, validationCount < words.count else {
      throw DatasetError(
        .badSplit,
        "expected a validation count that leaves at least one of \(words.count) training images, "
          + "found \(validationCount)")
    }
    precondition(UInt32(exactly: words.count) != nil, "validationSplit: \(words.count) images")
    let order = words.enumerated().map { UInt64($1) << 32 | UInt64($0) }.sorted()
    let indices = order.map { UInt32(truncatingIfNeeded: $0) }
    return (indices[validationCount...].sorted(), indices[..<validationCount].sorted())
  }
}
